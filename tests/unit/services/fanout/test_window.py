"""Frames of the last 60 s."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from services.fanout.route import Frame
from tests.unit.services.fanout import given


def frame(name: str = "x") -> Frame:
    return Frame(name.encode(), frozenset({"alice"}))


def test_frames_are_given_back_in_order_from_a_time_on() -> None:
    window = given.window()
    for time_ms in (10, 20, 30):
        window.add(frame(str(time_ms)), "lobby", time_ms)
    assert [kept.frame.payload for kept in window.since(20)] == [b"20", b"30"]


def test_what_is_older_than_60_s_is_let_go_and_no_longer_covered() -> None:
    window = given.window()
    window.add(frame("old"), "lobby", 1_000)
    assert window.covers(0)
    window.add(frame("new"), "lobby", 61_001)
    assert [kept.frame.payload for kept in window.since(0)] == [b"new"]
    assert not window.covers(1_000)
    assert window.covers(1_001)


def test_the_window_is_bounded_by_count() -> None:
    window = given.window(frames=2)
    for time_ms in (10, 20, 30):
        window.add(frame(), "lobby", time_ms)
    assert len(window) == 2
    assert not window.covers(10)
    assert window.covers(11)


def test_the_window_is_bounded_by_bytes() -> None:
    window = given.window(size=1_500)
    for time_ms in range(10):
        window.add(frame("x" * 200), "lobby", time_ms)
    assert len(window) == 3
    assert window.bytes <= 1_500
    assert not window.covers(6)


def test_a_frame_that_is_too_large_for_the_window_is_not_kept_and_not_covered() -> None:
    window = given.window(size=400)
    window.add(frame("x" * 500), "lobby", 10)
    assert len(window) == 0
    assert not window.covers(10)


def test_a_step_back_in_time_hides_nothing_and_adds_nothing() -> None:
    window = given.window()
    for name, time_ms in (("a", 100), ("b", 90), ("c", 95), ("d", 89)):
        window.add(frame(name), name, time_ms)
    assert [kept.frame.payload for kept in window.since(90)] == [b"a", b"b", b"c"]


@for_all(times=st.lists(st.integers(0, 200_000), max_size=60), since=st.integers(0, 200_000), frames=st.integers(1, 20))
def test_what_is_covered_lacks_nothing(times: list[int], since: int, frames: int) -> None:
    window = given.window(frames=frames)
    for number, time_ms in enumerate(times):
        window.add(frame(str(number)), "lobby", time_ms)
    owed = [str(number).encode() for number, time_ms in enumerate(times) if time_ms >= since]
    if window.covers(since):
        assert [kept.frame.payload for kept in window.since(since)] == owed
