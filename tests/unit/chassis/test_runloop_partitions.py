"""The run loop with a consumer that does as it is told: partitions that wait, come and go."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.assignment import Assignment
from chassis.batches import BatchRunner, Handled, Revoked
from chassis.health import Health
from chassis.lanes import Limits
from chassis.records import Outgoing, Record
from chassis.table_errors import TableUnavailable
from contracts.envelope import UnknownVersion
from tests.unit.chassis.told_consumer import COLD, HOT, Consumer, Publisher, looping
from tests.waiting import eventually


async def test_a_partition_that_waits_for_newer_code_holds_up_no_other() -> None:
    consumer, done = Consumer(HOT, COLD), []

    async def handler(batch: Sequence[Record]) -> Handled:
        if batch[0].key == b"hot":
            raise UnknownVersion("newer code wrote it")
        done.append(batch[-1].offset)
        return Handled()

    limits = Limits(records=200, lanes_in_flight=1)
    async with looping(consumer, handler, limits=limits):
        await eventually(lambda: HOT in consumer.paused())
        reached = len(done)
        await eventually(lambda: len(done) > reached + 20)
        assert COLD not in consumer.paused()


async def test_a_partition_is_read_on_when_half_of_its_share_is_done() -> None:
    consumer, gate = Consumer(HOT), asyncio.Event()

    async def handler(_batch: Sequence[Record]) -> Handled:
        await gate.wait()
        return Handled()

    async with looping(consumer, handler, limits=Limits(records=100, batch_records=10)):
        await eventually(lambda: HOT in consumer.paused())
        held = consumer.next[HOT]
        gate.set()
        await eventually(lambda: consumer.next[HOT] > held + 100)


async def test_a_worker_to_which_the_group_gives_nothing_is_ready() -> None:
    async def handler(_batch: Sequence[Record]) -> Handled:
        return Handled()

    async with looping(Consumer(), handler) as (_, health):
        await eventually(lambda: health.ready)


async def test_a_partition_that_went_away_while_it_was_prepared_begins_where_the_other_worker_stopped() -> None:
    consumer, moved = Consumer(HOT), asyncio.Event()
    handled: list[int] = []
    consumer.committed_at[HOT], consumer.ends[HOT] = 5, 40

    async def handler(batch: Sequence[Record]) -> Handled:
        handled.extend(record.offset for record in batch if record.key == b"hot")
        return Handled()

    async def elsewhere() -> None:
        await consumer.move(HOT, COLD)
        consumer.committed_at[HOT] = 20

    async def start_at(place: TopicPartition, committed: int | None) -> int | None:
        if not moved.is_set():
            moved.set()
            consumer.committed_at[HOT] = 20
            going = asyncio.create_task(elsewhere())
            # It cannot be revoked in the middle of this takeover, only after it.
            await asyncio.wait({going}, timeout=0.1)
        return committed if place == HOT else 0

    async with looping(consumer, handler, start_at=start_at):
        await eventually(lambda: 39 in handled)
    assert handled == list(range(20, 40))


async def test_a_time_out_in_a_takeover_is_waited_for() -> None:
    consumer, done = Consumer(HOT), []
    consumer.away = 2

    async def handler(batch: Sequence[Record]) -> Handled:
        done.append(batch[0].offset)
        return Handled()

    async with looping(consumer, handler):
        await eventually(lambda: done)


async def test_a_loop_whose_consumer_never_starts_stops_when_asked() -> None:
    consumer = Consumer(HOT)
    consumer.starting = asyncio.Event().wait  # type: ignore[assignment]

    async def handler(_batch: Sequence[Record]) -> Handled:
        return Handled()

    async with looping(consumer, handler) as (loop, _):
        await asyncio.sleep(0)
        loop.stop()


async def test_after_an_error_that_nobody_foresaw_nothing_more_of_the_lane_is_begun() -> None:
    consumer, begun = Consumer(HOT), []

    async def handler(batch: Sequence[Record]) -> Handled:
        begun.append(batch[0].offset)
        return Handled(publish=[Outgoing("t", "k", b"v")])

    class Broken(Publisher):
        async def publish(self, _messages: Sequence[Outgoing]) -> list[Any]:
            raise RuntimeError("not foreseen")

    async def crash() -> None:
        async with looping(consumer, handler, limits=Limits(batch_records=1)) as (loop, _):
            loop._runner._publisher = Broken()  # type: ignore[assignment]
            await eventually(loop._stopping.is_set)

    with pytest.raises(RuntimeError, match="not foreseen"):
        await crash()
    assert begun == [0]


async def test_a_lane_whose_partition_goes_before_its_first_turn_ends_quietly() -> None:
    consumer, handled = Consumer(HOT), []
    consumer.ends[HOT] = 0

    async def handler(batch: Sequence[Record]) -> Handled:
        handled.append(batch)
        return Handled()

    async with looping(consumer, handler) as (loop, _):
        await eventually(lambda: HOT in loop._assignment.active)
        record = _record(HOT)
        loop._runner.hold(record)
        loop._lanes.add(record)
        loop._start_lanes()
        loop._runner.forget(loop._lanes.drop("t", 0))
        await eventually(lambda: loop._lanes_in_flight == 0)
    assert handled == []


async def test_readiness_comes_back_when_a_partition_leaves_during_an_outage() -> None:
    health, assignment, away = Health(), Assignment(), True
    health.started()
    assignment.assigned([HOT, COLD])

    async def handler(_batch: Sequence[Record]) -> Handled:
        if away:
            raise TableUnavailable("away")
        return Handled()

    runner = BatchRunner("loop", handler, Publisher(), health, None, assignment)  # type: ignore[arg-type]
    waiting = asyncio.create_task(runner.run([_record(HOT)]))
    await eventually(lambda: not health.ready)
    assignment.revoked()
    with pytest.raises(Revoked):
        await waiting
    assignment.assigned([COLD])
    away = False
    await runner.run([_record(COLD)])
    assert health.ready


def _record(place: TopicPartition) -> Record:
    return Record(place.topic, place.partition, 0, 0, b"k", b"v")
