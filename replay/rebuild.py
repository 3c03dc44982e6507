"""The table, made again from the topics: into another table, partition by partition, restartable where it stopped.

What a partition has written is told by its CHECKPOINT row in the new table. After a crash the log is folded again from
its beginning (reading is quick), and rows are written from the checkpoint on. Rows are whole and the fold is the same
each time, so what is written twice is the same.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chassis.items import Item, attribute, item, key_item, row
from chassis.log_reader import Span
from chassis.records import Record
from chassis.table import TableReads
from contracts import table
from contracts.rows import CheckpointRow
from contracts.table import Key
from contracts.topics import CONNECTIONS, ROOMS, USERS
from replay.log import Log, Part
from replay.refold import Refold, Writes, refold_of
from replay.seen import see

FOLDED = (USERS, ROOMS, CONNECTIONS)
STATE = Key("LOG", "REBUILD")
"""Whether the rebuild of the table has ended: `state` is `running` or `done`."""
FLUSH_ROWS = 1_000
SIDE_BY_SIDE = 4
OnProgress = Callable[[int, int], None]


class RowWriter(Protocol):
    """The part of chassis.bulk_writer.BulkWriter that is needed."""

    async def write(self, rows: Mapping[Key, Item | None]) -> None:
        """Put these, delete those that are None; returns when all is done."""


class NotForRebuild(Exception):
    """The table is not one that a rebuild may write."""

    code = "NOT_FOR_REBUILD"
    retryable = False


@dataclass(slots=True)
class Rebuilt:
    """What was done."""

    events: int = 0
    """Folded, those of an earlier start included."""
    rows: int = 0
    """Written, deletions included."""
    before_history: set[str] = field(default_factory=set)
    """Rooms and users whose beginning retention has taken: they cannot be folded."""
    problems: list[str] = field(default_factory=list)
    """Events that cannot follow those before them: holes in the log."""
    ends: dict[Part, int] = field(default_factory=dict)
    """The offset at which each partition stands now."""


class Rebuild:
    """One table in the making."""

    def __init__(
        self, log: Log, target: TableReads, writer: RowWriter, on_progress: OnProgress, *, flush_rows: int = FLUSH_ROWS
    ) -> None:
        self._log = log
        self._target = target
        self._writer = writer
        self._on_progress = on_progress
        self._flush_rows = flush_rows
        self._read = 0
        self._total = 0
        self.result = Rebuilt()

    async def run(self, until_ms: int | None = None, *, side_by_side: int = SIDE_BY_SIDE) -> Rebuilt:
        """Fold all up to the end as it is now, or to broker time `until_ms`; returns when it is in the table.

        May be cancelled, or die, anywhere. Raises NotForRebuild, or TableError and LogSilent (start it again).
        """
        parts = self._log.parts(*FOLDED)
        done = await checkpoints(self._target, parts)
        # Before any row: a table that says how far it is may be gone on with, and one that is unfinished says so.
        await self._mark("running")
        await self._writer.write(_starts(part for part in parts if not done[part]))
        spans = await self._log.between(parts, None, until_ms)
        self._total = sum(len(span) for span in spans.values())
        turns = asyncio.Semaphore(side_by_side)

        async def one(part: Part, span: Span) -> None:
            async with turns:
                await self._partition(part, span, until_ms)

        async with asyncio.TaskGroup() as group:
            for part, span in spans.items():
                group.create_task(one(part, span))
        await self._mark("done")
        return self.result

    async def _mark(self, state: str) -> None:
        await self._writer.write({STATE: key_item(STATE) | {"state": attribute(state)}})

    async def _partition(self, part: Part, span: Span, until_ms: int | None) -> None:
        done = await checkpoint(self._target, part)
        refold = refold_of(part, whole=self._log.begin(part) == 0)
        pending: Writes = {}
        following, stands = 0, done
        try:
            async for batch in self._log.records({part: span}):
                for record in batch:
                    if until_ms is not None and record.timestamp > until_ms:
                        continue
                    following = record.offset + 1
                    written = self._fold(refold, record)
                    if following > done:
                        pending |= written
                self._read_on(len(batch))
                if len(pending) >= self._flush_rows:
                    stands = await self._flush(part, pending, following)
            if following > stands:
                stands = await self._flush(part, pending, following)
        finally:
            refold.close()
        self._require_forward(part, following, done)
        self.result.before_history |= refold.before_history
        self.result.ends[part] = stands

    def _fold(self, refold: Refold, record: Record) -> Writes:
        self.result.events += 1
        try:
            return refold.apply(see(record))
        except refold.problems as problem:
            self.result.problems.append(f"{record.topic}/{record.partition}/{record.offset}: {problem}")
            return {}

    def _read_on(self, count: int) -> None:
        self._read += count
        self._on_progress(self._read, self._total)

    async def _flush(self, part: Part, pending: Writes, following: int) -> int:
        items = {key: None if made is None else item(key, made) for key, made in pending.items()}
        await self._writer.write(items)
        self.result.rows += len(items)
        pending.clear()
        key = table.checkpoint(*part)
        # Last, and only when all of it is there.
        await self._writer.write({key: item(key, CheckpointRow(position=following))})
        return following

    def _require_forward(self, part: Part, following: int, done: int) -> None:
        if following < done:
            raise NotForRebuild(
                f"the table stands at offset {done} of {part.topic}/{part.partition} already, past the time asked for:"
                " rebuild into another table"
            )


def _starts(parts: Iterable[Part]) -> dict[Key, Item | None]:
    keys = (table.checkpoint(*part) for part in parts)
    return {key: item(key, CheckpointRow(position=0)) for key in keys}


async def is_unfinished(target: TableReads) -> bool:
    """Whether a rebuild of the table began and has not ended."""
    stored = await target.get(STATE)
    return stored is not None and stored["state"] != attribute("done")


async def checkpoint(target: TableReads, part: Part) -> int:
    """The offset from which on a partition is not in the table yet."""
    stored = await target.get(table.checkpoint(*part))
    return 0 if stored is None else row(CheckpointRow, stored).position


async def checkpoints(target: TableReads, parts: Sequence[Part]) -> dict[Part, int]:
    """The same, for several."""
    keys = {table.checkpoint(*part): part for part in parts}
    found = await target.batch_get(list(keys))
    return {part: row(CheckpointRow, found[key]).position if key in found else 0 for key, part in keys.items()}
