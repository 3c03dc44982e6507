"""The table is the fold of the topics: whatever happened, however often the rebuild dies."""

import contextlib
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.items import Item
from contracts import table
from contracts.table import Key
from contracts.topics import ROOMS, SUBMISSIONS, USERS
from replay.fold import comparable
from replay.kinds import class_of
from replay.log import Log
from replay.rebuild import FOLDED, NotForRebuild, Rebuild, is_unfinished
from replay.target import require_free
from tests.doubles.rooms import profile, send
from tests.doubles.table import MemoryTable
from tests.doubles.world import World
from tests.unit.replay.given import MemoryWriter, nothing, rebuilt

PEOPLE = ("ann", "ben", "cat")


def part_of_the_fold(items: dict[Key, Item]) -> dict[Key, Item]:
    return {key: comparable(stored) for key, stored in items.items() if class_of(key) is not None}


async def some_world(seed: int, steps: int = 80) -> World:
    world, dice = World(), random.Random(seed)
    rooms = await world.settle(*PEOPLE)
    for _ in range(steps):
        await world.step(dice, rooms, list(PEOPLE))
    world.emit()
    return world


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9))
async def test_the_fold_of_the_topics_is_the_table(seed: int) -> None:
    world, again = await some_world(seed), MemoryTable()
    await rebuilt(world, again)
    assert part_of_the_fold(again.items) == part_of_the_fold(world.table.items)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9), st.lists(st.integers(0, 60), max_size=4))
async def test_a_rebuild_that_dies_anywhere_goes_on_where_it_stopped(seed: int, deaths: list[int]) -> None:
    world, again = await some_world(seed), MemoryTable()
    for after in deaths:
        writer = MemoryWriter(again)
        writer.die_after = after
        log = await world.opened()
        with contextlib.suppress(ConnectionError, ExceptionGroup):
            await Rebuild(log, again, writer, nothing, flush_rows=7).run()
    await rebuilt(world, again)
    assert not await is_unfinished(again)
    assert part_of_the_fold(again.items) == part_of_the_fold(world.table.items)


async def test_a_rebuild_that_died_says_that_it_is_unfinished() -> None:
    world, again = await some_world(2), MemoryTable()
    writer = MemoryWriter(again)
    writer.die_after = 40
    with pytest.raises(ExceptionGroup, match="unhandled errors"):
        await Rebuild(await world.opened(), again, writer, nothing, flush_rows=7).run()
    assert await is_unfinished(again)


async def test_facts_that_stand_in_the_log_twice_change_nothing() -> None:
    world, again = await some_world(4), MemoryTable()
    for record in world.log.records_of(ROOMS.name):
        world.log.append(record.topic, record.key, record.value)
    await rebuilt(world, again)
    assert part_of_the_fold(again.items) == part_of_the_fold(world.table.items)


async def test_a_later_rebuild_adds_what_has_happened_since() -> None:
    world, again = await some_world(5), MemoryTable()
    first = await rebuilt(world, again)
    await world.ask(send("ann", "later", room="room-0"))
    second = await rebuilt(world, again)
    assert 0 < second.rows < first.rows
    assert part_of_the_fold(again.items) == part_of_the_fold(world.table.items)


async def test_what_came_after_until_is_left_out_and_an_earlier_until_is_refused() -> None:
    world, again = await some_world(6), MemoryTable()
    until = world.log.now_ms
    before = part_of_the_fold(dict(world.table.items))
    await world.ask(send("ann", "later", room="room-0"))
    await rebuilt(world, again, until)
    assert part_of_the_fold(again.items) == before
    with pytest.raises(ExceptionGroup) as refused:
        await rebuilt(world, again, until - 40)
    assert refused.group_contains(NotForRebuild)


async def test_a_room_whose_beginning_has_expired_is_left_out_and_told() -> None:
    world, again = await some_world(7), MemoryTable()
    log = await world.opened()
    part = log.part_of(ROOMS, "room-1")
    world.log.expire(ROOMS.name, part.partition, log.end(part) - 1)
    participants = world.table.items[table.room("room-1")]["participantIds"]["L"]
    await world.ask(send(participants[0]["S"], "after", room="room-1"))
    result = await rebuilt(world, again)
    assert "room-1" in result.before_history
    assert result.problems == []
    assert not [key for key in again.items if key.pk == table.room_pk("room-1")]
    beginnings = await (await world.opened()).beginnings(FOLDED)
    assert [one.part for one in beginnings] == [part]
    assert str(beginnings[0]).startswith(f"history of chat.rooms/{part.partition} begins at 20")


async def test_a_profile_whose_beginning_has_expired_is_left_out() -> None:
    world, again = World(), MemoryTable()
    await world.name(profile("ann", "approved", "Ann"))
    await world.name(profile("ann", name="Anna"))
    part = (await world.opened()).part_of(USERS, "ann")
    world.log.expire(USERS.name, part.partition, 1)
    result = await rebuilt(world, again)
    assert result.before_history == {"ann"}
    assert table.profile("ann") not in again.items


async def test_a_hole_in_the_log_is_told_and_the_rest_is_folded() -> None:
    world, again = World(), MemoryTable()
    await world.settle(*PEOPLE)
    await world.decide_only(send("ann", "lost", room="room-0"))
    world.held_back.clear()
    await world.ask(send("ann", "after the hole", room="room-0"))
    await world.ask(send("ann", "elsewhere", room="room-1"))
    result = await rebuilt(world, again)
    assert len(result.problems) == 1
    assert "message 2" in result.problems[0]
    assert [key for key in again.items if key.pk == table.room_pk("room-1") and key.sk.startswith("MESSAGE#")]


async def test_a_table_that_a_service_writes_or_that_holds_strange_rows_is_refused() -> None:
    world, again = await some_world(8), MemoryTable()
    log = await Log.over(world.log, *FOLDED, SUBMISSIONS)
    await require_free(again, log)
    again.items[table.profile("somebody")] = {"PK": {"S": "USER#somebody"}, "SK": {"S": "PROFILE"}}
    with pytest.raises(NotForRebuild, match="no rebuild wrote"):
        await require_free(again, log)
    key = table.checkpoint("chat.submissions", 0)
    again.items[key] = {"PK": {"S": key.pk}, "SK": {"S": key.sk}, "position": {"N": "3"}}
    with pytest.raises(NotForRebuild, match="persistence writes"):
        await require_free(again, log)


async def test_a_rebuilt_table_may_be_rebuilt_further() -> None:
    world, again = await some_world(9), MemoryTable()
    await rebuilt(world, again)
    await require_free(again, await world.opened())
