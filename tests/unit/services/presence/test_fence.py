from collections.abc import Awaitable, Callable

import pytest

from chassis.actions import Delete, Put
from chassis.items import item, row
from chassis.table_errors import TableUnavailable
from contracts import table
from contracts.rows import CheckpointRow
from contracts.topics import CONNECTIONS
from services.presence import fence as module
from services.presence.fence import ClaimContended, Fence, Fenced, FenceMoved
from services.presence.records import actions_of
from tests.doubles.table import MemoryTable
from tests.unit.services.presence.log import IDS, at, connected

KEY = table.checkpoint(CONNECTIONS.name, 0)
RECORD = table.connection(IDS[0])
OPEN = actions_of([at(4, connected("alice"))])


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def claimed(memory: MemoryTable, clock: Clock | None = None) -> Fence:
    made = Fence(memory, 0, monotonic=clock or Clock())
    await made.claim()
    return made


def held(memory: MemoryTable) -> CheckpointRow:
    return row(CheckpointRow, memory.items[KEY])


def once(action: Callable[[], Awaitable[None]]) -> Callable[[str], Awaitable[None]]:
    calls: list[str] = []

    async def hook(call: str) -> None:
        if call in ("transact", "write") and not calls:
            calls.append(call)
            await action()

    return hook


async def lose_answer() -> None:
    raise TableUnavailable("no answer")


async def test_a_claim_on_a_new_partition_begins_at_zero() -> None:
    memory = MemoryTable()
    assert (await claimed(memory)).position == 0
    assert held(memory) == CheckpointRow(position=0, claim=1)


async def test_a_claim_keeps_the_position_and_rises() -> None:
    memory = MemoryTable()
    memory.items[KEY] = item(KEY, CheckpointRow(position=70))
    assert (await claimed(memory)).position == 70
    await claimed(memory)
    assert held(memory) == CheckpointRow(position=70, claim=2)


async def test_records_and_position_move_together() -> None:
    memory = MemoryTable()
    fence = await claimed(memory)
    await fence.move(OPEN, 5)
    assert (fence.position, held(memory).position) == (5, 5)
    assert RECORD in memory.items


async def test_what_stands_below_the_position_is_not_written_again() -> None:
    memory = MemoryTable()
    fence = await claimed(memory)
    await fence.move(OPEN, 5)
    await fence.move([Delete(RECORD)], 6)
    await fence.move(OPEN, 5)
    assert RECORD not in memory.items


async def test_a_worker_whose_claim_was_taken_writes_nothing() -> None:
    memory = MemoryTable()
    zombie = await claimed(memory)
    await claimed(memory)
    with pytest.raises(Fenced):
        await zombie.move(OPEN, 5)
    assert RECORD not in memory.items


async def test_a_write_whose_answer_got_lost_is_found_done() -> None:
    memory = MemoryTable()
    fence = await claimed(memory)
    memory.after = once(lose_answer)
    with pytest.raises(TableUnavailable):
        await fence.move(OPEN, 5)
    await fence.move(OPEN, 5)
    assert (fence.position, held(memory).position) == (5, 5)


async def test_after_a_lost_answer_a_longer_stretch_goes_on_behind_what_was_done() -> None:
    memory = MemoryTable()
    fence = await claimed(memory)
    memory.after = once(lose_answer)
    with pytest.raises(TableUnavailable):
        await fence.move(OPEN, 5)
    with pytest.raises(FenceMoved):
        await fence.move(OPEN, 9)
    assert fence.position == 5
    await fence.move([], 9)
    assert held(memory).position == 9


async def test_a_claim_that_collides_is_tried_again() -> None:
    memory = MemoryTable()
    first = await claimed(memory)

    async def go_on() -> None:
        await first.move(OPEN, 5)

    memory.before = once(go_on)
    assert (await claimed(memory)).position == 5


async def test_a_claim_that_always_collides_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = MemoryTable()
    monkeypatch.setattr(module, "CLAIM_TRIES", 2)

    async def collide(call: str) -> None:
        if call == "write":
            claim = 1 if KEY not in memory.items else int(memory.items[KEY]["claim"]["N"]) + 1
            memory.items[KEY] = Put(item(KEY, CheckpointRow(position=0, claim=claim))).item

    memory.before = collide
    with pytest.raises(ClaimContended) as contended:
        await claimed(memory)
    assert contended.value.retryable


async def test_a_fresh_claim_is_not_asked_about() -> None:
    memory, clock = MemoryTable(), Clock()
    fence = await claimed(memory, clock)
    memory.calls.clear()
    clock.now += 3.0
    await fence.make_sure(3.0)
    assert memory.calls == []


async def test_an_old_claim_is_asked_about_and_then_counts_as_fresh() -> None:
    memory, clock = MemoryTable(), Clock()
    fence = await claimed(memory, clock)
    clock.now += 3.1
    memory.calls.clear()
    await fence.make_sure(3.0)
    await fence.make_sure(3.0)
    assert memory.calls == ["get"]


async def test_who_was_paused_and_lost_the_partition_learns_it_before_it_speaks() -> None:
    memory, clock = MemoryTable(), Clock()
    zombie = await claimed(memory, clock)
    await claimed(memory)
    clock.now += 70.0
    with pytest.raises(Fenced):
        await zombie.make_sure(3.0)
