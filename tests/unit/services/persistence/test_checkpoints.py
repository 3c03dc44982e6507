"""CHECKPOINT rows rise with what is committed, and nothing stops for them."""

import asyncio

import pytest
from aiokafka import TopicPartition

from chassis.items import row
from chassis.table_errors import TableUnavailable
from contracts import table
from contracts.rows import CheckpointRow
from services.persistence.checkpoints import Checkpoints
from tests.doubles.table import MemoryTable
from tests.waiting import eventually

PARTITION = TopicPartition("chat.submissions", 3)


def position(memory: MemoryTable) -> int | None:
    stored = memory.items.get(table.checkpoint("chat.submissions", 3))
    return row(CheckpointRow, stored).position if stored else None


async def test_only_the_latest_of_many_commits_is_written() -> None:
    memory = MemoryTable()
    checkpoints = Checkpoints(memory, interval_s=60)
    for offset in (5, 9, 12):
        await checkpoints.note(PARTITION, offset)
    await checkpoints.flush()
    assert position(memory) == 12
    assert memory.calls == ["write"]
    await checkpoints.flush()
    assert memory.calls == ["write"]


async def test_a_checkpoint_never_falls() -> None:
    memory = MemoryTable()
    for offset in (12, 5):
        checkpoints = Checkpoints(memory, interval_s=60)
        await checkpoints.note(PARTITION, offset)
        await checkpoints.flush()
    assert position(memory) == 12


async def test_a_table_that_is_away_is_asked_once_a_round_and_forgets_nothing() -> None:
    memory = MemoryTable()

    async def away(_call: str) -> None:
        raise TableUnavailable("away")

    checkpoints = Checkpoints(memory, interval_s=60)
    well, memory.before = memory.before, away
    await checkpoints.note(PARTITION, 5)
    await checkpoints.note(TopicPartition("chat.submissions", 4), 9)
    await checkpoints.flush()
    assert memory.calls == ["write"]
    memory.before = well
    await checkpoints.flush()
    assert position(memory) == 5


async def test_they_are_written_while_the_process_runs() -> None:
    memory = MemoryTable()
    checkpoints = Checkpoints(memory, interval_s=0.01)
    await checkpoints.note(PARTITION, 7)
    running = asyncio.create_task(checkpoints.run())
    await eventually(lambda: position(memory) == 7)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
