import asyncio

from gateway.in_flight import InFlight, InFlightLimits
from tests.doubles.gateway import Inside

LIMITS = InFlightLimits(count=2, size=100, count_total=3, size_total=150)


async def test_it_is_full_by_count_and_by_size_for_one_and_for_all() -> None:
    inside, flying = Inside(), InFlight(LIMITS)
    one, two = inside.connection(), inside.connection()
    flying.enter(one, 60)
    assert flying.connection_is_full(one, 41)
    assert not flying.connection_is_full(one, 40)
    flying.enter(one, 40)
    assert flying.connection_is_full(one, 0)
    assert not flying.connection_is_full(two, 100)
    assert flying.is_full(51)
    assert not flying.is_full(50)
    flying.enter(two, 0)
    assert flying.is_full(0)
    flying.leave(one, 60)
    assert not flying.is_full(0)
    assert (one.in_flight, one.in_flight_bytes) == (1, 40)


async def test_one_may_wait_for_some_or_for_all() -> None:
    inside, flying = Inside(), InFlight(LIMITS)
    one, two = inside.connection(), inside.connection()
    flying.enter(one, 1)
    flying.enter(two, 1)
    assert not await flying.wait_left([one], 0.01)
    waiting = asyncio.create_task(flying.wait_left([one], 5))
    await asyncio.sleep(0)
    flying.leave(one, 1)
    assert await waiting
    assert not await flying.wait_left(None, 0.01)
    flying.leave(two, 1)
    assert await flying.wait_left(None, 0.01)
