"""CHECKPOINT rows: all effects of a partition before `position` are in the table (spec 5). Seldom, and only rising.

A row may lag behind the committed offset, never pass it; who reads it waits a moment longer than necessary.
"""

import asyncio

from aiokafka import TopicPartition

from chassis.actions import Put, position_below
from chassis.items import item
from chassis.logs import get_logger
from chassis.table import TablePort
from chassis.table_errors import ConditionFailed, TableError
from contracts import table
from contracts.rows import CheckpointRow

_log = get_logger(__name__)


class Checkpoints:
    """Notes what the run loop has committed, and writes it down every `interval_s`."""

    def __init__(self, writes: TablePort, *, interval_s: float) -> None:
        self._table = writes
        self._interval_s = interval_s
        self._due: dict[TopicPartition, int] = {}

    async def note(self, partition: TopicPartition, offset: int) -> None:
        """Everything below `offset` is done and committed."""
        self._due[partition] = offset

    async def run(self) -> None:
        """Write until cancelled. A table that is away is waited for: the next round writes a later offset."""
        while True:
            await asyncio.sleep(self._interval_s)
            await self.flush()

    async def flush(self) -> None:
        """Write what is due, up to the first failure: a table that is away would hold up the end of the process."""
        for partition, offset in list(self._due.items()):
            try:
                await self._write(partition, offset)
            except TableError as error:
                _log.warning("checkpoints have to wait", partition=str(partition), code=error.code)
                return
            if self._due.get(partition) == offset:
                del self._due[partition]

    async def _write(self, partition: TopicPartition, offset: int) -> None:
        key = table.checkpoint(partition.topic, partition.partition)
        try:
            await self._table.write(Put(item(key, CheckpointRow(position=offset)), position_below(offset)))
        except ConditionFailed:
            # The partition's next worker was quicker.
            return
