from bench.collector import Told
from bench.spans import ROOT, Bar, bars


def a_span(process: str, name: str, began_ms: float, ended_ms: float, trace: str = "one") -> Told:
    began, ended = (int(1e9 + each * 1e6) for each in (began_ms, ended_ms))
    return Told(process, name, trace, "", "", began, ended, (), {})


def test_times_count_from_the_frame_and_are_the_middle_of_all_messages() -> None:
    spans = [
        span
        for number, late in enumerate((0.0, 2.0, 40.0))
        for span in (
            a_span("gateway", ROOT, 0, 3, f"{number}"),
            a_span("gateway", "write", 10 + late, 11 + late, f"{number}"),
        )
    ]
    assert bars(spans) == [Bar("gateway", ROOT, 0, 3, 3), Bar("gateway", "write", 12, 13, 1)]


def test_what_a_message_has_twice_counts_from_its_first_to_its_last() -> None:
    spans = [a_span("g", ROOT, 0, 1), a_span("g", "write", 5, 6), a_span("g", "write", 7, 9)]
    assert bars(spans)[1] == Bar("g", "write", 5, 9, 4)


def test_traces_that_are_not_of_a_message_or_not_whole_are_left_out() -> None:
    spans = [a_span("g", "connect", 0, 1, "connect"), a_span("g", ROOT, 0, 1, "half"), a_span("g", ROOT, 0, 1)]
    assert bars([*spans, a_span("g", "write", 2, 3)]) == [Bar("g", ROOT, 0, 1, 1), Bar("g", "write", 2, 3, 1)]
