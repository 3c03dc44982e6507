import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.records import Record
from contracts.topics import PRESENCE
from services.presence import holding as module
from services.presence.holding import Holding
from services.presence.parts import Parts
from tests.unit.services.presence.log import TIME_MS, World, connected, record
from tests.waiting import eventually


class FollowedTopic:
    """In place of chassis.tail.Tail: hands over what stands on chat.presence when it is asked to catch up."""

    world: World

    def __init__(self, *, on_record: Callable[[Record], None], **_others: Any) -> None:
        self.on_record = on_record

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def wait_ready(self) -> None:
        return

    async def catch_up(self, _limit_s: float) -> None:
        for offset, message in enumerate(self.world.kafka.published):
            if message.topic == PRESENCE.name:
                self.on_record(Record(PRESENCE.name, 0, offset, TIME_MS, b"", message.value))


class Held:
    def __init__(self, world: World) -> None:
        self.world = world
        self.failures: list[BaseException] = []
        parts = Parts(
            settings=world.settings,
            table=world.table,
            publisher=world.kafka,  # type: ignore[arg-type]  # all of it that is used here
            health=world.health,
            ended=world.leases.ended,
            endings=lambda: world.leases.endings,
            monotonic=lambda: world.time,
        )
        self.holding = Holding(parts, self.failures.append)


@pytest.fixture
async def held(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Held]:
    made = Held(World(offline_grace_s=3600.0))
    monkeypatch.setattr(FollowedTopic, "world", made.world, raising=False)
    monkeypatch.setattr(module, "Tail", FollowedTopic)
    yield made
    await made.holding.let_go()


async def test_events_of_partitions_that_are_ours_are_worked_off_and_their_offsets_told(held: Held) -> None:
    await held.holding.assigned(frozenset({0, 1}), 7)
    assert held.holding.numbers == {0, 1}
    await held.holding.take(record(connected("alice"), 4), 7)
    await eventually(lambda: held.holding.due() == {0: 5})
    held.holding.committed({0: 5})
    assert held.holding.due() == {}


async def test_an_event_of_another_generation_or_partition_is_not_taken(held: Held) -> None:
    await held.holding.assigned(frozenset({0}), 7)
    await held.holding.take(record(connected("alice"), 4), 6)
    await held.holding.take(Record("t", 9, 4, TIME_MS, b"alice", b""), 7)
    assert sum(partition.waiting for partition in held.holding._partitions.values()) == 0


async def test_what_was_begun_is_ended_before_the_partitions_are_let_go(held: Held) -> None:
    await held.holding.assigned(frozenset({0}), 7)
    gate = asyncio.Event()

    async def wait(call: str) -> None:
        if call == "transact":
            await gate.wait()

    held.world.table.before = wait
    await held.holding.take(record(connected("alice"), 0), 7)
    await eventually(lambda: "transact" in held.world.table.calls)
    letting_go = asyncio.create_task(held.holding.let_go())
    await asyncio.sleep(0)
    assert not letting_go.done()
    gate.set()
    assert await letting_go == {0: 1}
    assert held.holding.numbers == frozenset()


async def test_work_that_does_not_end_is_abandoned_and_not_told_as_done(held: Held) -> None:
    await held.holding.assigned(frozenset({0}), 7)

    async def wait(call: str) -> None:
        if call == "transact":
            await asyncio.Event().wait()

    held.world.table.before = wait
    await held.holding.take(record(connected("alice"), 0), 7)
    await eventually(lambda: "transact" in held.world.table.calls)
    assert await held.holding.let_go(limit_s=0.01) == {}
    assert held.failures == []


async def test_when_too_much_waits_taking_waits_until_there_is_room(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    await held.holding.assigned(frozenset({0}), 7)
    gate = asyncio.Event()

    async def wait(_call: str) -> None:
        await gate.wait()

    held.world.table.before = wait
    for offset in range(2):
        await held.holding.take(record(connected("alice", offset), offset), 7)
    third = asyncio.create_task(held.holding.take(record(connected("alice", 2), 2), 7))
    await asyncio.sleep(0)
    assert not third.done()
    gate.set()
    await asyncio.wait_for(third, 5)
    await eventually(lambda: held.holding.due() == {0: 3})


async def test_who_waits_for_room_gives_up_when_the_generation_is_over(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 0)
    await held.holding.assigned(frozenset({0}), 7)
    waiting = asyncio.create_task(held.holding.take(record(connected("alice"), 0), 7))
    await asyncio.sleep(0)
    await held.holding.let_go()
    await asyncio.wait_for(waiting, 5)


async def test_a_new_assignment_begins_with_what_stands_on_chat_presence(held: Held) -> None:
    await held.holding.assigned(frozenset({0}), 7)
    await held.holding.take(record(connected("alice"), 0), 7)
    await eventually(held.holding.due)
    await held.holding.assigned(frozenset({0}), 8)
    await eventually(lambda: "alice" in held.holding._partitions[0].users.states)


async def test_an_error_that_nobody_foresaw_is_told(held: Held) -> None:
    async def fail(_call: str) -> None:
        raise ZeroDivisionError

    held.world.table.before = fail
    await held.holding.assigned(frozenset({0}), 7)
    await eventually(lambda: held.failures)
    assert isinstance(held.failures[0], ZeroDivisionError)


async def test_lag_is_counted_from_the_oldest_event_that_is_not_done(held: Held) -> None:
    def shown(name: str) -> float | None:
        return REGISTRY.get_sample_value(name, {"topic": "chat.connections"})

    await held.holding.assigned(frozenset({0, 1}), 7)
    held.holding.count_lag({0: 10, 1: 50})
    assert shown("kaiwa_lag_records") == 0, "of a partition nothing was read yet"
    await held.holding.take(record(connected("alice"), 4), 7)
    held.holding.count()
    assert (shown("kaiwa_oldest_record_age_seconds") or 0) > 0
    held.holding.count_lag({0: 10, 1: 50})
    assert shown("kaiwa_lag_records") == 6
    await eventually(lambda: held.holding.due() == {0: 5})
    held.holding.count()
    held.holding.count_lag({0: 10, 1: 50})
    assert shown("kaiwa_lag_records") == 5
    assert shown("kaiwa_oldest_record_age_seconds") == 0
