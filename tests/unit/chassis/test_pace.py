"""A pace: on average no more than so many a second."""

import pytest

from chassis.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_a_limit_nothing_waits() -> None:
    assert Pace(None).due_s(10**9) == 0.0


def test_who_takes_more_than_the_rate_waits_for_it() -> None:
    clock = Clock()
    pace = Pace(10.0, monotonic=clock)
    assert pace.due_s(10) == pytest.approx(1.0)
    assert pace.due_s(5) == pytest.approx(1.5)
    clock.now += 1.5
    assert pace.due_s(10) == pytest.approx(1.0)


def test_a_long_rest_saves_up_no_more_than_a_second() -> None:
    clock = Clock()
    pace = Pace(10.0, monotonic=clock)
    clock.now += 3_600.0
    assert pace.due_s(10) == 0.0
    assert pace.due_s(10) == pytest.approx(1.0)
