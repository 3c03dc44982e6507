import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.items import row
from chassis.publisher import PublishFailed
from chassis.records import outgoing
from chassis.table_errors import ConditionFailed, TableRefused, TableUnavailable
from contracts import table
from contracts.connections import Retired
from contracts.controls import CloseConnection, EpochLapsed
from contracts.gateways import Stopped
from contracts.rows import CheckpointRow, ConnectionRow
from contracts.topics import CONNECTIONS, CONTROLS, DEAD_LETTERS, PRESENCE
from services.presence import partition as module
from services.presence.state import UserState, event_of, fold
from tests.unit.services.presence.log import (
    EPOCH,
    GATEWAY,
    IDS,
    TIME,
    TIME_MS,
    World,
    at,
    connected,
    disconnected,
    envelope,
    record,
)
from tests.waiting import eventually

KEY = table.checkpoint(CONNECTIONS.name, 0)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World(offline_grace_s=3600.0)
    yield made
    await made.end()


def stands(world: World, user: str, number: int = 0) -> int:
    keys = [table.connection(IDS[number]), table.user_connection(user, IDS[number])]
    return sum(key in world.table.items for key in keys)


async def test_the_effects_come_in_their_order_and_then_the_event_is_done(world: World) -> None:
    seen: list[tuple[str, int | None]] = []
    worker = world.worker()

    async def note(call: str) -> None:
        seen.append((call, worker.done))

    await eventually(lambda: KEY in world.table.items)
    world.table.after, world.kafka.after = note, note
    worker.add(record(connected("alice"), 0))
    await world.done(worker, 1)
    assert seen == [("transact", None), ("publish", None)]
    assert stands(world, "alice") == 2
    assert [state.status for state in world.kafka.states()] == ["online"]


async def test_a_batch_is_one_transaction_and_one_value_for_each_user(world: World) -> None:
    worker = world.worker()
    for offset in range(40):
        worker.add(record(connected(f"u{offset % 4}", offset), offset))
    await world.done(worker, 40)
    assert world.table.calls.count("transact") == 1
    assert len(world.kafka.of(PRESENCE.name)) == 4
    assert row(CheckpointRow, world.table.items[KEY]).position == 40
    assert row(ConnectionRow, world.table.items[table.connection(IDS[7])]).position == 7


async def test_a_table_that_is_away_is_waited_for_and_nothing_is_put_aside(world: World) -> None:
    failures = [TableUnavailable("away")] * 2

    async def fail(call: str) -> None:
        if call == "transact" and failures:
            raise failures.pop()

    world.table.before = fail
    worker = world.worker()
    worker.add(record(connected("alice"), 0))
    await eventually(lambda: "partition 0" in world.health.missing(), every_s=0.001)
    await world.done(worker, 1)
    assert world.health.ready
    assert world.kafka.of(DEAD_LETTERS.name) == []


async def test_what_was_written_but_not_told_is_told_without_being_written_again(world: World) -> None:
    failures: list[Exception] = [PublishFailed("unknown"), PublishFailed("unknown")]
    worker = world.worker()

    async def fail(_call: str) -> None:
        if failures:
            raise failures.pop()

    await eventually(lambda: KEY in world.table.items)
    world.kafka.after = fail
    worker.add(record(connected("alice"), 0))
    await world.done(worker, 1)
    assert world.table.calls.count("transact") == 1
    assert len({state.event_id for state in world.kafka.states()}) == 1


async def test_poison_is_put_aside_once_and_the_next_event_is_handled(world: World) -> None:
    worker = world.worker()
    worker.add(record(b"not json", 0))
    worker.add(record(None, 1))
    worker.add(record(connected("alice"), 2))
    await world.done(worker, 3)
    letters = world.kafka.of(DEAD_LETTERS.name)
    assert [dict(letter.headers)["kaiwa-offset"] for letter in letters] == [b"0", b"1"]
    assert stands(world, "alice") == 2


async def test_what_the_table_refuses_is_tried_alone_and_put_aside(world: World) -> None:
    async def refuse(call: str) -> None:
        if call == "transact":
            raise TableRefused("no")

    world.table.before = refuse
    worker = world.worker()
    for offset in range(3):
        worker.add(record(connected("alice", offset), offset))
    await world.done(worker, 3)
    assert len(world.kafka.of(DEAD_LETTERS.name)) == 3
    assert worker.users.states == {}


async def test_a_partition_that_another_claimed_is_left_alone_for_a_while_and_then_read_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "YIELD_S", 0.01)
    old, new = world.worker(), world.worker()
    await eventually(lambda: KEY in world.table.items and row(CheckpointRow, world.table.items[KEY]).claim == 2)
    new.add(record(connected("alice"), 0))
    new.add(record(disconnected("alice"), 1))
    await world.done(new, 2)
    told = len(world.kafka.states())
    old.add(record(connected("alice"), 0))
    await world.done(old, 1)
    assert stands(world, "alice") == 0
    assert all(not state.connections for state in world.kafka.states()[told:])


async def test_a_worker_that_was_paused_says_nothing_about_a_partition_that_is_anothers(world: World) -> None:
    zombie = world.worker()
    paused = asyncio.Event()

    async def pause(call: str) -> None:
        if call == "transact":
            world.table.after = world.kafka.after
            await paused.wait()

    world.table.after = pause
    zombie.add(record(connected("alice"), 0))
    await eventually(lambda: stands(world, "alice") == 2)
    new = world.worker()
    for event in (record(connected("alice"), 0), record(disconnected("alice"), 1)):
        new.add(event)
    await world.done(new, 2)
    world.time += 70.0
    zombie.close()
    paused.set()
    await asyncio.wait_for(asyncio.shield(world.workers[0][1]), 5)
    assert world.kafka.states()[-1].connections == ()
    assert zombie.done is None


async def test_a_value_that_was_written_over_is_published_again(world: World) -> None:
    worker = world.worker()
    worker.add(record(connected("alice"), 0))
    worker.add(record(disconnected("alice"), 1))
    await world.done(worker, 2)
    stale = fold(UserState("alice"), at(0, connected("alice")))
    await world.kafka.publish([outgoing(PRESENCE, "alice", event_of(stale, TIME))])
    world.follow(worker)
    await eventually(lambda: world.kafka.states()[-1].position == 1)


async def test_at_a_takeover_all_who_are_connected_are_published_again(world: World) -> None:
    first = world.worker()
    first.add(record(connected("alice"), 0))
    first.add(record(connected("bob", 1), 1))
    await world.done(first, 2)
    await world.end()
    world.workers.clear()
    world.kafka.published.append(world.kafka.published.pop(0))
    told = len(world.kafka.states())
    world.worker()
    await eventually(lambda: len(world.kafka.states()) == told + 2)
    assert {state.user_id for state in world.kafka.states()[told:]} == {"alice", "bob"}


async def test_who_was_left_in_grace_goes_offline_with_the_next_worker(world: World) -> None:
    first = world.worker()
    first.add(record(connected("alice"), 0))
    first.add(record(disconnected("alice"), 1))
    await world.done(first, 2)
    await world.end()
    second = world.worker()
    await eventually(lambda: second.users.states)
    world.time += 3600.0
    second.wake()
    await eventually(lambda: world.kafka.states()[-1].status == "offline")
    last = world.kafka.states()[-1]
    assert (last.position, last.presence_version) == (1, 2)


async def test_an_epoch_that_ends_takes_its_connections_with_it_after_the_delay(world: World) -> None:
    world.settings = world.settings.model_copy(update={"retire_delay_s": 2.0})
    worker = world.worker()
    worker.add(record(connected("alice"), 0))
    worker.add(record(connected("bob", 1, epoch="0000000f"), 1))
    await world.done(worker, 2)
    world.time += 10.0
    world.leases.apply(EpochLapsed(**envelope(), gateway_id=GATEWAY, epoch=EPOCH), TIME_MS)
    worker.wake()
    await eventually(lambda: worker._retire_at is not None)
    assert world.kafka.of(CONNECTIONS.name) == []
    world.time += 2.0
    worker.wake()
    (message,) = await eventually(lambda: world.kafka.of(CONNECTIONS.name))
    event = CONNECTIONS.decode(message.value)
    assert isinstance(event, Retired)
    assert (event.connection_id, event.cause) == (IDS[0], "lapsed")


async def test_connections_of_an_epoch_that_ended_while_nobody_looked_are_retired_at_the_takeover(
    world: World,
) -> None:
    first = world.worker()
    first.add(record(connected("alice"), 0))
    await world.done(first, 1)
    await world.end()
    world.leases.apply(Stopped(**envelope(), gateway_id=GATEWAY, epoch=EPOCH), TIME_MS)
    world.worker()
    await eventually(lambda: len(world.kafka.of(CONNECTIONS.name)) == 1)


async def test_surplus_connections_are_closed_at_once_and_again_at_a_takeover(world: World) -> None:
    world.settings = world.settings.model_copy(update={"connections_per_user": 2})
    first = world.worker()
    for offset in range(3):
        first.add(record(connected("alice", offset), offset))
    await world.done(first, 3)
    await world.end()
    world.worker()
    orders = await eventually(lambda: len(world.kafka.of(CONTROLS.name)) == 2 and world.kafka.of(CONTROLS.name))
    for order in orders:
        event = CONTROLS.decode(order.value)
        assert isinstance(event, CloseConnection)
        assert (event.connection_id, event.code) == (IDS[2], 4409)


async def test_a_closed_partition_ends_what_it_began_and_begins_nothing_new(world: World) -> None:
    worker = world.worker()
    gate = asyncio.Event()

    async def wait(call: str) -> None:
        if call == "transact":
            await gate.wait()

    world.table.before = wait
    worker.add(record(connected("alice"), 0))
    await eventually(lambda: "transact" in world.table.calls)
    worker.add(record(connected("bob", 1), 1))
    worker.close()
    gate.set()
    await asyncio.wait_for(world.workers[0][1], 5)
    assert (worker.done, worker.waiting) == (1, 1)
    assert stands(world, "bob", 1) == 0


async def test_what_fails_for_a_reason_that_nobody_foresaw_is_not_swallowed(world: World) -> None:
    async def fail(call: str) -> None:
        if call == "write":
            raise ConditionFailed(("x",)) if world.table.calls.count("write") < 5 else ZeroDivisionError

    world.table.before = fail
    world.worker()
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(world.workers[0][1], 5)
