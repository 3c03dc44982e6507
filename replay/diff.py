"""A table against the log, row by row, while the table goes on (spec 12).

    base      a rebuilt table: what the log said up to somewhere
    tail      what it has said since
    table     what stands there now

Each row is compared at its own position. What is not plainly the same is looked at again, in rounds, until the fold
has come past everything that the table may have done meanwhile and two consistent reads agree: so a difference is one,
whatever happens at the same time. Without a tail two tables are compared as they stand.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from chassis.items import Item, key_of
from chassis.pace import Pace
from chassis.table import TableScans
from contracts.table import Key
from replay.conclusions import Conclusion, Conclusions
from replay.differences import Difference, difference
from replay.judge import Verdict
from replay.kinds import class_of
from replay.log import Log
from replay.looks import Look, Lookout
from replay.tail import Tail

CHUNK = 400
SUSPECTS_AT_ONCE = 2_000
SETTLE_S = 15.0
"""Longer than persistence takes between two checkpoints."""
ROUND_S = 0.25
ROUNDS_LEAST = 3


@dataclass(slots=True)
class Counted:
    """What was looked at."""

    rows: int = 0
    differences: int = 0
    before_history: int = 0
    """Rows of the table whose beginning retention has taken from the log: not compared."""
    unsettled: list[Key] = field(default_factory=list)
    """Rows that could not be judged: their service has not come to the event yet, or its fact is on its way."""


class Diff:
    """`async for difference in Diff(…).run()`."""

    def __init__(
        self,
        log: Log,
        base: TableScans,
        compared: TableScans,
        tail: Tail | None,
        *,
        settle_s: float = SETTLE_S,
        round_s: float = ROUND_S,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._log = log
        self._base = base
        self._table = compared
        self._tail = tail
        self._settle_s = settle_s
        self._round_s = round_s
        self._pace = pace or Pace(None)
        self._lookout = Lookout(log, base, compared, tail, clock)
        self._conclusions = Conclusions(log, tail, self._lookout)
        self.counted = Counted()

    async def run(self) -> AsyncIterator[Difference]:
        """The differences as they are found. Raises TableError or LogSilent."""
        if self._tail is not None:
            await self._tail.extend()
        suspects: set[Key] = set()
        async for keys, base in self._chunks():
            await self._pace.take(len(keys))
            looks = await self._lookout.glance(keys, base)
            suspects |= {key for key, verdict in looks.items() if verdict is not Verdict.SAME}
            self.counted.rows += len(keys)
            if len(suspects) >= SUSPECTS_AT_ONCE:
                async for one in self._resolve(suspects):
                    yield one
                suspects = set()
        async for one in self._resolve(suspects):
            yield one

    # Which rows there are

    async def _chunks(self) -> AsyncGenerator[tuple[list[Key], dict[Key, Item]]]:
        """Keys with what the base holds of them: all of the base, what has changed since, all of the table."""
        async for page in _pages(self._base):
            for part in _parts_of(page):
                yield list(part), part
        if self._tail is not None:
            for keys in self._tail.changed.pages(CHUNK):
                base = await self._base.batch_get(keys)
                yield [key for key in keys if key not in base], {}
        async for page in _pages(self._table, keys_only=True):
            for part in _parts_of(page):
                keys = [key for key in part if self._lookout.newest(key) is None]
                base = await self._base.batch_get(keys)
                await self._pace.take(len(part))
                yield [key for key in keys if key not in base], {}

    # Looking again, in rounds

    async def _resolve(self, suspects: set[Key]) -> AsyncGenerator[Difference]:
        left: dict[Key, Look | None] = dict.fromkeys(suspects)
        deadline, rounds = time.monotonic() + self._settle_s, 0
        while left:
            looks, rounds = await self._lookout.round(left), rounds + 1
            is_last = time.monotonic() >= deadline and rounds >= ROUNDS_LEAST
            for key, look in looks.items():
                drawn = self._conclusions.draw(key, left[key], look, is_last=is_last)
                if drawn is None:
                    left[key] = look
                    continue
                del left[key]
                if (one := self._settle(drawn, key, look)) is not None:
                    yield one
            if left:
                await asyncio.sleep(self._round_s)

    def _settle(self, drawn: Conclusion, key: Key, look: Look) -> Difference | None:
        """Count it; the difference, if it is one."""
        match drawn:
            case "unsettled":
                self.counted.unsettled.append(key)
            case "before history":
                self.counted.before_history += 1
            case "missing" | "extra" | "different":
                self.counted.differences += 1
                expected = look.expected if self._tail is None else self._tail.differed.get(key, look.expected)
                return difference(self._log, drawn, key, expected, look.found)
        return None


async def _pages(reads: TableScans, *, keys_only: bool = False) -> AsyncGenerator[list[Item]]:
    # Short pages: a busy table answers each of them in time.
    async for page in reads.scan(0, 1, keys_only=keys_only, page=CHUNK):
        yield page


def _parts_of(page: Sequence[Item]) -> Iterable[dict[Key, Item]]:
    """Those rows that a fold has, in chunks."""
    rows = [(key, stored) for stored in page if class_of(key := key_of(stored)) is not None]
    for start in range(0, len(rows), CHUNK):
        yield dict(rows[start : start + CHUNK])
