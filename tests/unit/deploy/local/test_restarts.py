from __future__ import annotations

from deploy.local.restarts import Restarts


def test_a_process_that_dies_is_started_again_after_1_2_4_and_8_seconds() -> None:
    restarts = Restarts()
    assert [restarts.died(at) for at in (0.0, 1.0, 3.0, 7.0)] == [1.0, 2.0, 4.0, 8.0]


def test_the_fifth_death_within_a_minute_is_the_last() -> None:
    restarts = Restarts()
    assert [restarts.died(at) for at in (0.0, 1.0, 2.0, 3.0, 59.9)][-1] is None


def test_deaths_of_more_than_a_minute_ago_are_forgotten() -> None:
    restarts = Restarts()
    for at in (0.0, 1.0, 2.0, 3.0):
        restarts.died(at)
    assert restarts.died(64.0) == 1.0
