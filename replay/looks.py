"""Looking at rows of a table beside what the log says, in an order of reads that makes the comparison mean something.

What the log says is known before the rows are read, and how far the services are before that; a room's FENCE is read
before its rows and after them. What follows from a look is for conclusions.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chassis.items import Item, row
from chassis.table import TableScans
from contracts import rows as contract
from contracts import table
from contracts.rows import CheckpointRow, Row
from contracts.table import Key
from contracts.topics import CONNECTIONS, SUBMISSIONS
from replay.judge import Verdict, judge
from replay.kinds import class_of, owner_of, position_of, topic_of
from replay.log import Log, Part
from replay.tail import Tail


@dataclass(frozen=True, slots=True)
class Look:
    """One round's view of a row."""

    verdict: Verdict
    expected: Row | None
    found: Item | None
    fence: Item | None
    """The room's FENCE after the row was read; None: no room, or it has none."""

    @property
    def fence_position(self) -> int:
        """Where the room stood then; -1 where that is not known."""
        stands = None if self.fence is None else position_of(self.fence)
        return -1 if stands is None else stands


class Lookout:
    """Reads base, tail and table; `folded` holds the fences of the rooms that the last round looked at."""

    def __init__(
        self, log: Log, base: TableScans, compared: TableScans, tail: Tail | None, clock: Callable[[], float]
    ) -> None:
        self._log = log
        self._base = base
        self._table = compared
        self._tail = tail
        self._clock = clock
        self._checkpoints: dict[Part, int] = {}
        self.folded: Mapping[Key, Row | None] = {}

    def newest(self, key: Key) -> Row | None:
        """The row as the newest event since the rebuild left it; None: none changed it."""
        return None if self._tail is None else self._tail.newest(key)

    async def glance(self, keys: Sequence[Key], base: Mapping[Key, Item]) -> dict[Key, Verdict]:
        """A first look, which clears nearly all; `base` holds what the base has of them."""
        if not keys:
            return {}
        await self._read_checkpoints(keys)
        expected = {key: self._expected(key, base.get(key)) for key in keys}
        found = await self._table.batch_get(keys)
        return {key: self._judge(key, expected[key], found.get(key)) for key in keys}

    def _expected(self, key: Key, base: Item | None) -> Row | None:
        newest = self.newest(key)
        if newest is not None or base is None:
            return newest
        cls = class_of(key)
        return None if cls is None else row(cls, base)

    def _judge(self, key: Key, expected: Row | None, found: Item | None) -> Verdict:
        topic = topic_of(key)
        settled = None
        if self._tail is not None and topic is not SUBMISSIONS:
            settled = self._settled(key, expected, found)
        return judge(expected, found, settled=settled, now_s=int(self._clock()))

    def _settled(self, key: Key, expected: Row | None, found: Item | None) -> int | None:
        owner = expected.user_id if isinstance(expected, contract.ConnectionRow) else owner_of(key, found)
        if owner is None:
            # A connection by its id whose record is gone: any partition may be meant, so the one furthest behind.
            return min(at for part, at in self._checkpoints.items() if part.topic == CONNECTIONS.name)
        return self._checkpoints.get(self._log.part_of(topic_of(key), owner), 0)

    async def _read_checkpoints(self, keys: Iterable[Key]) -> None:
        """How far presence and persistence were before the rows are read."""
        topics = {topic_of(key).name: topic_of(key) for key in keys}
        topics.pop(SUBMISSIONS.name, None)
        if self._tail is None or not topics:
            return
        await self._checkpoints_of(self._log.parts(*topics.values()))

    async def _checkpoints_of(self, parts: Sequence[Part]) -> None:
        wanted = {table.checkpoint(*part): part for part in parts}
        found = await self._table.batch_get(list(wanted))
        for key, part in wanted.items():
            self._checkpoints[part] = row(CheckpointRow, found[key]).position if key in found else 0

    async def round(self, left: Mapping[Key, Look | None]) -> dict[Key, Look]:
        """Bring the fold up to the log, then read: fences, rows, fences again."""
        keys = list(left)
        if self._tail is not None:
            self._tail.watch({key: look.found for key, look in left.items() if look is not None and look.found})
            await self._tail.extend()
        base = await self._base.batch_get([*keys, *fences(keys)])
        await self._read_checkpoints(keys)
        bounds = await self._bounds(keys)
        expected = {key: self._expected(key, base.get(key)) for key in keys}
        self.folded = {fence: self._expected(fence, base.get(fence)) for fence in fences(keys)}
        found = await self._table.batch_get(keys)
        after = await self._table.batch_get(fences(keys))
        if self._tail is not None:
            # A fence that was read just now may stand at a submission that came since: the log's end is asked after it.
            await self._log.refresh(SUBMISSIONS)
        return {key: self._look(key, expected[key], found.get(key), bounds, after) for key in keys}

    def _look(
        self, key: Key, expected: Row | None, found: Item | None, bounds: Mapping[Key, int], after: Mapping[Key, Item]
    ) -> Look:
        verdict = self._judge(key, expected, found)
        fence = fence_of(key)
        if fence is not None and verdict is Verdict.MISSING and expected is not None and self._tail is not None:
            # The fold knows the event; whether the table has come to it, only its fence or its checkpoint tells.
            verdict = verdict if expected.position < bounds[fence] else Verdict.BEHIND
        return Look(verdict, expected, found, None if fence is None else after.get(fence))

    async def _bounds(self, keys: Sequence[Key]) -> dict[Key, int]:
        """Of each room, the position below which every event is in the table, as its fence or its checkpoint says."""
        over = fences(keys)
        rooms = {fence: str(owner_of(fence)) for fence in over}
        parts = {fence: self._log.part_of(SUBMISSIONS, room) for fence, room in rooms.items()}
        await self._checkpoints_of(list(set(parts.values())))
        found = await self._table.batch_get(over)
        stands = {fence: position_of(found[fence]) if fence in found else None for fence in over}
        return {
            fence: max(self._checkpoints[part], 0 if stands[fence] is None else (stands[fence] or 0) + 1)
            for fence, part in parts.items()
        }


def expected_position(expected: Row | None) -> int:
    """Where a row of the fold stands; -1 where there is none."""
    return -1 if expected is None else expected.position


def fence_of(key: Key) -> Key | None:
    """The fence that stands over the row; None: it is no room's."""
    return table.fence(str(owner_of(key))) if topic_of(key) is SUBMISSIONS else None


def fences(keys: Iterable[Key]) -> list[Key]:
    """The fences that stand over these rows, each once."""
    return list(dict.fromkeys(fence for key in keys if (fence := fence_of(key)) is not None))
