from gateway.intervals import Intervals

NAME = ("alice", "room")


def test_the_first_goes_and_the_last_held_waits_for_the_end() -> None:
    intervals: Intervals[int] = Intervals()
    assert not intervals.runs(NAME)
    intervals.begin(NAME)
    assert intervals.runs(NAME)
    intervals.hold(NAME, 1)
    intervals.hold(NAME, 2)
    assert intervals.held(NAME) == 2
    assert intervals.end(NAME) == 2
    assert intervals.runs(NAME)
    assert intervals.end(NAME) is None
    assert len(intervals) == 0


def test_their_number_is_bounded() -> None:
    intervals: Intervals[int] = Intervals(most=1)
    intervals.begin(NAME)
    assert intervals.is_full


def test_all_that_waits_can_be_taken() -> None:
    intervals: Intervals[int] = Intervals()
    intervals.begin(NAME)
    intervals.begin(("bob", "room"))
    intervals.hold(NAME, 5)
    assert intervals.take_all() == [5]
    assert len(intervals) == 0
