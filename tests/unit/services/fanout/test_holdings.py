"""Taking partitions over and letting them go."""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from chassis.batches import Revoked
from services.fanout.delivery import Delivery
from services.fanout.holdings import Holdings
from services.fanout.log_peek import LogUnreadable
from tests.unit.services.fanout import given
from tests.unit.services.fanout.test_takeover import Log

ROOMS = TopicPartition("chat.rooms", 0)


class Bench:
    """Holdings over a log of three records."""

    def __init__(self) -> None:
        self.site = given.Site()
        self.dropped = 0
        self.log = Log(100_000, 110_000, 120_000)
        self.holdings = Holdings(
            dispatch=self.site.dispatch,
            peek=self.log,
            window_of=lambda reaches_ms: given.window(reaches_ms=reaches_ms),
            window_ms=15_000,
            release_s=0.05,
            drop_abandoned=self.drop,
        )

    def drop(self) -> None:
        self.dropped += 1

    def under_way(self) -> Delivery:
        delivery = self.holdings.deliver(0, ())
        delivery.expect()
        delivery.seal()
        return delivery


async def test_a_partition_is_taken_over_at_the_start_of_its_window() -> None:
    bench = Bench()
    assert await bench.holdings.start_at(ROOMS, 3) == 1
    assert bench.site.dispatch.partitions[0].takeover.committed == 3


async def test_a_partition_that_comes_back_as_it_was_goes_on() -> None:
    bench = Bench()
    await bench.holdings.start_at(ROOMS, 3)
    held = bench.site.dispatch.partitions[0]
    for offset in (1, 2, 3):
        held.note(offset)
    assert await bench.holdings.start_at(ROOMS, 4) == 4
    assert bench.site.dispatch.partitions[0] is held


async def test_a_partition_that_stands_elsewhere_is_read_again() -> None:
    bench = Bench()
    await bench.holdings.start_at(ROOMS, 3)
    held = bench.site.dispatch.partitions[0]
    assert await bench.holdings.start_at(ROOMS, 2) == 0
    assert bench.site.dispatch.partitions[0] is not held


async def test_a_partition_that_does_not_come_back_is_forgotten() -> None:
    bench = Bench()
    await bench.holdings.start_at(ROOMS, 3)
    await bench.holdings.assigned(frozenset({ROOMS, TopicPartition("chat.signals", 0)}))
    assert 0 in bench.site.dispatch.partitions
    await bench.holdings.assigned(frozenset({TopicPartition("chat.signals", 0)}))
    assert bench.site.dispatch.partitions == {}


async def test_what_is_under_way_is_awaited_when_a_partition_goes() -> None:
    bench = Bench()
    delivery = bench.under_way()
    asyncio.get_running_loop().call_soon(delivery.settle, 1)
    await bench.holdings.revoked(frozenset({ROOMS}))
    assert await delivery.wait() == []


async def test_what_does_not_arrive_in_time_is_left_to_the_next_owner() -> None:
    bench = Bench()
    await bench.holdings.start_at(ROOMS, 3)
    delivery = bench.under_way()
    await bench.holdings.revoked(frozenset({ROOMS}))
    with pytest.raises(Revoked):
        await delivery.wait()
    assert bench.dropped == 1
    assert bench.site.dispatch.partitions == {}


async def test_a_catch_up_that_does_not_arrive_is_left_to_the_next_owner() -> None:
    bench = Bench()
    bench.site.outbox.held = True
    await bench.holdings.start_at(ROOMS, 3)
    held = bench.site.dispatch.partitions[0]
    bench.site.route(held, given.created(0, "bob"), 1, 110_000)
    bench.site.connect("bob", given.socket("b", "rooms", since_ms=110_000))
    (catch_up,) = held.catch_ups
    await bench.holdings.revoked(frozenset({ROOMS}))
    assert catch_up.abandoned
    assert await bench.holdings.start_at(ROOMS, 3) == 1
    assert bench.site.dispatch.partitions[0] is not held


async def test_what_is_under_way_for_other_partitions_goes_on() -> None:
    bench = Bench()
    delivery = bench.under_way()
    await bench.holdings.revoked(frozenset({TopicPartition("chat.rooms", 1)}))
    assert not delivery.done


async def test_a_broker_that_is_away_is_waited_for() -> None:
    async def away(_partition: TopicPartition) -> tuple[int, int]:
        raise KafkaConnectionError

    bench = Bench()
    bench.log.range = away  # type: ignore[method-assign]
    with pytest.raises(LogUnreadable) as caught:
        await bench.holdings.start_at(ROOMS, 3)
    assert caught.value.retryable
