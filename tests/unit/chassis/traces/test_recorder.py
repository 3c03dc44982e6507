import pytest

from tests.doubles.traces import Kept, is_under, links

TRACE, STEP = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECORDED, UNRECORDED = f"00-{TRACE}-{STEP}-01", f"00-{TRACE}-{STEP}-00"


def test_at_a_ratio_of_0_no_trace_begins() -> None:
    kept = Kept(ratio=0)
    assert kept.traces.begin("a", "internal", {}) is None
    assert kept.traces.enter("a", "server", {}, caller=None) is None
    assert kept.traces.enter("a", "server", {}, caller=RECORDED) is None


def test_a_trace_that_is_recorded_goes_on_and_one_that_is_not_does_not_whatever_the_ratio() -> None:
    for ratio in (0.0, 1.0):
        kept = Kept(ratio)
        child = kept.traces.begin("child", "consumer", {}, parent=RECORDED.encode())
        assert child is not None
        child.end()
        assert is_under(kept.one("child"), RECORDED.encode())
        assert kept.traces.begin("child", "consumer", {}, parent=UNRECORDED.encode()) is None


@pytest.mark.parametrize("parent", [b"", b"\xff1", b"nonsense-1", f"00-{'0' * 32}-{STEP}-01".encode()])
def test_a_parent_that_is_none_begins_nothing(parent: bytes) -> None:
    assert Kept().traces.begin("a", "internal", {}, parent=parent) is None


def test_about_the_set_ratio_of_traces_is_recorded() -> None:
    kept = Kept(ratio=0.25)
    begun = sum(kept.traces.begin("a", "internal", {}) is not None for _ in range(4_000))
    assert 800 < begun < 1_200


def test_a_callers_trace_goes_on_and_what_they_ask_for_changes_nothing() -> None:
    for caller in (RECORDED, UNRECORDED):
        kept = Kept(ratio=1.0)
        span = kept.traces.enter("a", "server", {}, caller=caller)
        assert span is not None
        assert span.traceparent.decode().startswith(f"00-{TRACE}-")
        kept = Kept(ratio=0.25)
        entered = [kept.traces.enter("a", "server", {}, caller=caller) for _ in range(4_000)]
        assert 800 < sum(span is not None for span in entered) < 1_200


def test_a_callers_nonsense_begins_a_trace_of_its_own() -> None:
    kept = Kept()
    first, second = [kept.traces.enter("a", "server", {}, caller="x") for _ in range(2)]
    assert first is not None
    assert second is not None
    assert first.traceparent[:35] != second.traceparent[:35]


def test_an_error_is_said_by_its_code_and_other_traces_are_linked() -> None:
    kept = Kept()
    root, other = kept.root(), kept.root()
    span = kept.traces.begin("a", "client", {}, parent=root.traceparent, links=[other.traceparent, b"nonsense"])
    assert span is not None
    span.end("AWAY")
    ended = kept.one("a")
    assert (ended.attributes or {})["error.type"] == "AWAY"
    assert not ended.status.is_ok
    assert links(ended) == [other.traceparent]


def test_spans_tell_which_process_they_are_of() -> None:
    kept = Kept()
    kept.root().end()
    about = kept.one("root").resource.attributes
    assert [about[f"service.{name}"] for name in ("namespace", "name", "instance.id")] == [
        "kaiwa",
        "kaiwa-test",
        "test-1",
    ]
