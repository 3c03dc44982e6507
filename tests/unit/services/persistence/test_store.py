"""Reads and the write of a room: what is asked of the table, and what is remembered (design 4.11)."""

import pytest

from chassis.items import item
from chassis.table_errors import TableUnavailable
from contracts import table
from contracts.rows import OutcomeRow, Row
from services.persistence.cache import RoomCache
from services.persistence.store import Fenced, RoomStore
from services.persistence.transaction import Transaction, transaction_of
from tests.doubles.rooms import Scene, create, send
from tests.doubles.table import MemoryTable
from tests.doubles.workers import Faults, away

OUTCOME = table.outcome("e")


@pytest.fixture
def memory() -> MemoryTable:
    made = MemoryTable()
    made.items[OUTCOME] = item(OUTCOME, OutcomeRow(position=1, code="OK", ttl=1))
    return made


def creation() -> tuple[Transaction, dict[table.Key, Row]]:
    scene = Scene("alice")
    decision = scene.decide(create("alice"))
    return transaction_of([decision], table.fence("room"), None), scene.rows


async def test_a_room_that_was_written_comes_from_memory_without_its_verdicts(
    memory: MemoryTable,
) -> None:
    store = RoomStore(memory, RoomCache(100))
    assert await store.load("room", [], [OUTCOME]) == {OUTCOME: OutcomeRow(position=1, code="OK", ttl=1)}
    await store.commit("room", *creation())
    memory.calls.clear()
    assert set(await store.load("room", [], [OUTCOME])) == {table.fence("room"), table.room("room")}
    assert memory.calls == []


async def test_the_rows_of_others_are_read_each_time(memory: MemoryTable) -> None:
    store = RoomStore(memory, RoomCache(100))
    await store.commit("room", *creation())
    memory.calls.clear()
    for _ in range(2):
        await store.load("room", [table.profile("alice")], [])
    assert memory.calls == ["batch_get"] * 2


async def test_a_room_that_moved_on_is_told_and_forgotten(memory: MemoryTable) -> None:
    store = RoomStore(memory, RoomCache(100))
    await store.commit("room", *creation())
    with pytest.raises(Fenced):
        await store.commit("room", *creation())
    memory.calls.clear()
    await store.load("room", [], [])
    assert memory.calls == ["batch_get"]


async def test_after_an_answer_that_was_lost_the_room_is_read_again(memory: MemoryTable) -> None:
    store = RoomStore(memory, RoomCache(100))
    Faults(memory).after("transact", away)
    with pytest.raises(TableUnavailable):
        await store.commit("room", *creation())
    memory.calls.clear()
    assert table.fence("room") in await store.load("room", [], [])
    assert memory.calls == ["batch_get"]


async def test_the_fence_is_read_with_the_facts_of_its_last_transaction(memory: MemoryTable) -> None:
    store = RoomStore(memory, RoomCache(100))
    transaction, rows = creation()
    await store.commit("room", transaction, rows)
    fence = await store.fence("room")
    assert fence
    assert fence.facts == transaction.facts
    assert await store.fence("nowhere") is None


async def test_nothing_to_write_asks_nothing_of_the_table(memory: MemoryTable) -> None:
    scene = Scene("alice")
    transaction = transaction_of([scene.decide(send("alice"))], table.fence("room"), None)
    await RoomStore(memory, RoomCache(100)).commit("room", transaction, {})
    assert memory.calls == []
