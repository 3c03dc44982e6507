import pytest

from services.persistence.api import rates
from services.persistence.api.problems import Problem
from services.persistence.api.rates import Rates


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused(limits: Rates, user: str = "alice") -> str | None:
    try:
        limits.take(user)
    except Problem as problem:
        return problem.headers["Retry-After"]
    return None


def test_a_burst_is_let_through_and_then_no_more(clock: Clock) -> None:
    limits = Rates(2.0, 3, clock=clock)
    assert [refused(limits) for _ in range(4)] == [None, None, None, "1"]


def test_the_bucket_fills_with_the_rate_and_not_beyond_the_burst(clock: Clock) -> None:
    limits = Rates(2.0, 3, clock=clock)
    for _ in range(3):
        limits.take("alice")
    clock.now += 0.5
    assert [refused(limits), refused(limits)] == [None, "1"]
    clock.now += 3_600
    assert [refused(limits) for _ in range(4)] == [None, None, None, "1"]


def test_a_refused_request_costs_nothing(clock: Clock) -> None:
    limits = Rates(1.0, 1, clock=clock)
    limits.take("alice")
    for _ in range(50):
        assert refused(limits) == "1"
    clock.now += 1.0
    assert refused(limits) is None


def test_who_waits_as_long_as_told_is_let_through(clock: Clock) -> None:
    limits = Rates(0.3, 1, clock=clock)
    limits.take("alice")
    told = refused(limits)
    assert told is not None
    clock.now += int(told)
    assert refused(limits) is None


def test_one_user_never_uses_up_anothers_requests(clock: Clock) -> None:
    limits = Rates(1.0, 1, clock=clock)
    limits.take("alice")
    assert refused(limits, "bob") is None


def test_memory_is_bounded_and_forgetting_is_generous(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "USERS_REMEMBERED", 10)
    limits = Rates(1.0, 1, clock=clock)
    for number in range(1_000):
        limits.take(f"user-{number}")
    assert len(limits._buckets) == 10
    assert refused(limits, "user-0") is None
