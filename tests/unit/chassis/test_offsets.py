import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.offsets import Offsets


@given(st.lists(st.integers(0, 200), unique=True, min_size=1), st.data())
def test_the_position_is_always_the_end_of_the_longest_finished_prefix(taken: list[int], data: st.DataObject) -> None:
    taken.sort()
    offsets, finished = Offsets(taken[0]), set[int]()
    for offset in taken:
        offsets.take(offset)
    for offset in data.draw(st.permutations(taken)):
        offsets.finish(offset)
        finished.add(offset)
        open_ones = [other for other in taken if other not in finished]
        assert offsets.position == (open_ones[0] if open_ones else taken[-1] + 1)
        assert offsets.unfinished >= len(open_ones)


def test_a_hole_that_the_log_has_does_not_hold_the_position_back() -> None:
    offsets = Offsets(5)
    offsets.take(9)
    assert offsets.position == 9
    offsets.finish(9)
    assert offsets.position == 10


def test_an_offset_that_was_read_before_is_a_bug() -> None:
    offsets = Offsets(0)
    offsets.take(0)
    with pytest.raises(ValueError, match="offset 0 was read after 0"):
        offsets.take(0)


def test_the_oldest_that_is_not_done_tells_its_time() -> None:
    offsets = Offsets(0)
    assert offsets.oldest_ms is None
    for offset, time_ms in ((0, 100), (1, 200), (2, 300)):
        offsets.take(offset, time_ms)
    offsets.finish(1)
    assert offsets.oldest_ms == 100
    offsets.finish(0)
    assert offsets.oldest_ms == 300
    offsets.finish(2)
    assert offsets.oldest_ms is None
