"""Where a partition is read from when it is assigned."""

import pytest

from chassis.assignment import start_of


@pytest.mark.parametrize(
    ("earliest", "committed", "asked", "start", "counts_from"),
    [
        (0, 50, None, 50, 50),
        (0, 50, 20, 20, 50),
        (0, 50, 70, 50, 50),
        (30, 50, 20, 30, 50),
        (60, 50, None, 60, 60),
    ],
)
def test_reading_may_begin_before_the_committed_offset_and_never_after_it(
    earliest: int, committed: int, asked: int | None, start: int, counts_from: int
) -> None:
    assert start_of(earliest, committed, asked) == (start, counts_from)


def test_a_group_that_never_committed_begins_at_the_earliest_record() -> None:
    assert start_of(7, None, None) == (7, 7)


def test_a_group_that_never_committed_begins_where_it_asks() -> None:
    assert start_of(7, None, 20) == (20, 20)
    assert start_of(7, None, 3) == (7, 7)
