import pytest

from chassis.traces.traceparent import Traceparent, carrying, parsed, recorded_in, unrecorded

TRACE, STEP = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("flags", "recorded"), [("00", False), ("01", True), ("02", False), ("03", True), ("ff", True)]
)
def test_the_lowest_bit_of_the_flags_says_whether_it_is_recorded(flags: str, recorded: bool) -> None:
    text = f"00-{TRACE}-{STEP}-{flags}"
    assert parsed(text) == Traceparent(TRACE, STEP, recorded)
    assert recorded_in((("traceparent", text.encode()),)) == (text.encode() if recorded else None)


@pytest.mark.parametrize(
    "text",
    ["", "x", f"01-{TRACE}-{STEP}-01", f"00-{'0' * 32}-{STEP}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{STEP}-1"],
)
def test_what_is_no_traceparent_says_nothing(text: str) -> None:
    assert parsed(text) is None


def test_a_step_that_nobody_records_says_so_and_stays_in_its_trace() -> None:
    assert parsed(unrecorded(TRACE)) != parsed(unrecorded(TRACE))
    step = parsed(unrecorded(TRACE))
    assert step is not None
    assert (step.trace_id, step.recorded) == (TRACE, False)
    assert unrecorded()[:35] != unrecorded()[:35]


def test_of_several_the_last_counts_and_all_are_replaced_by_one() -> None:
    mine = f"00-{TRACE}-{STEP}-01".encode()
    headers = (("traceparent", mine), ("kaiwa-redriven", b"0/1"), ("traceparent", b"00-1-2-00"))
    assert recorded_in(headers) is None
    assert carrying(headers, mine) == (("kaiwa-redriven", b"0/1"), ("traceparent", mine))
    assert recorded_in((("traceparent", b""),)) is None
