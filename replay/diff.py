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
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chassis.items import Item, key_of, row
from chassis.pace import Pace
from chassis.table import TableScans
from contracts import rows as contract
from contracts import table
from contracts.rows import CheckpointRow, Row
from contracts.table import Key
from contracts.topics import CONNECTIONS, ROOMS, SUBMISSIONS, USERS
from replay.differences import Difference, Kind, difference
from replay.judge import Verdict, in_outbox, judge
from replay.kinds import IMMUTABLE, class_of, owner_of, position_of, topic_of
from replay.log import Log, Part
from replay.spill import Gone
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


@dataclass(frozen=True, slots=True)
class _Look:
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
        self._clock = clock
        self._pace = pace or Pace(None)
        self._checkpoints: dict[Part, int] = {}
        self._folded: Mapping[Key, Row | None] = {}
        """The fences of the rooms that are looked at, as the fold has them."""
        self.counted = Counted()

    async def run(self) -> AsyncIterator[Difference]:
        """The differences as they are found. Raises TableError or LogSilent."""
        if self._tail is not None:
            await self._tail.extend()
        suspects: set[Key] = set()
        async for keys, base in self._chunks():
            looks = await self._glance(keys, base)
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
                keys = [key for key in part if self._newest(key) is None]
                base = await self._base.batch_get(keys)
                await self._pace.take(len(part))
                yield [key for key in keys if key not in base], {}

    def _newest(self, key: Key) -> Row | None:
        return None if self._tail is None else self._tail.newest(key)

    # A first look, which clears nearly all

    async def _glance(self, keys: Sequence[Key], base: Mapping[Key, Item]) -> dict[Key, Verdict]:
        if not keys:
            return {}
        await self._pace.take(len(keys))
        await self._read_checkpoints(keys)
        expected = {key: self._expected(key, base.get(key)) for key in keys}
        found = await self._table.batch_get(keys)
        return {key: self._judge(key, expected[key], found.get(key)) for key in keys}

    def _expected(self, key: Key, base: Item | None) -> Row | None:
        newest = self._newest(key)
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

    # Looking again, in rounds

    async def _resolve(self, suspects: set[Key]) -> AsyncGenerator[Difference]:
        left: dict[Key, _Look | None] = dict.fromkeys(suspects)
        deadline, rounds = time.monotonic() + self._settle_s, 0
        while left:
            looks, rounds = await self._round(left), rounds + 1
            is_last = time.monotonic() >= deadline and rounds >= ROUNDS_LEAST
            for key, look in looks.items():
                kind = self._conclusion(key, left[key], look, is_last=is_last)
                if kind is not None:
                    self.counted.differences += kind not in {None, "same", "unsettled"}
                    del left[key]
                if kind in {"missing", "extra", "different"}:
                    yield self._difference(kind, key, look)
                elif kind == "unsettled":
                    self.counted.unsettled.append(key)
                elif kind is None:
                    left[key] = look
            if left:
                await asyncio.sleep(self._round_s)

    async def _round(self, left: Mapping[Key, _Look | None]) -> dict[Key, _Look]:
        """Bring the fold up to the log, then read: fences, rows, fences again."""
        keys = list(left)
        if self._tail is not None:
            self._tail.watch({key: look.found for key, look in left.items() if look is not None and look.found})
            await self._tail.extend()
        base = await self._base.batch_get([*keys, *_fences(keys)])
        await self._read_checkpoints(keys)
        bounds = await self._bounds(keys)
        expected = {key: self._expected(key, base.get(key)) for key in keys}
        self._folded = {fence: self._expected(fence, base.get(fence)) for fence in _fences(keys)}
        found = await self._table.batch_get(keys)
        after = await self._table.batch_get(_fences(keys))
        if self._tail is not None:
            # A fence that was read just now may stand at a submission that came since: the log's end is asked after it.
            await self._log.refresh(SUBMISSIONS)
        return {key: self._look(key, expected[key], found.get(key), bounds, after) for key in keys}

    def _look(
        self, key: Key, expected: Row | None, found: Item | None, bounds: Mapping[Key, int], after: Mapping[Key, Item]
    ) -> _Look:
        verdict = self._judge(key, expected, found)
        fence = _fence_of(key)
        if fence is not None and verdict is Verdict.MISSING and expected is not None and self._tail is not None:
            # The fold knows the event; whether the table has come to it, only its fence or its checkpoint tells.
            verdict = verdict if expected.position < bounds[fence] else Verdict.BEHIND
        return _Look(verdict, expected, found, None if fence is None else after.get(fence))

    async def _bounds(self, keys: Sequence[Key]) -> dict[Key, int]:
        """Of each room, the position below which every event is in the table, as its fence or its checkpoint says."""
        fences = _fences(keys)
        rooms = {fence: str(owner_of(fence)) for fence in fences}
        parts = {fence: self._log.part_of(SUBMISSIONS, room) for fence, room in rooms.items()}
        await self._checkpoints_of(list(set(parts.values())))
        found = await self._table.batch_get(fences)
        stands = {fence: position_of(found[fence]) if fence in found else None for fence in fences}
        return {
            fence: max(self._checkpoints[part], 0 if stands[fence] is None else (stands[fence] or 0) + 1)
            for fence, part in parts.items()
        }

    def _conclusion(self, key: Key, before: _Look | None, now: _Look, *, is_last: bool) -> str | None:
        """What is certain of the row: `same`, a kind of difference, `unsettled`; None: look again."""
        if now.verdict is Verdict.SAME or (self._tail is not None and key in self._tail.agreed):
            return "same"
        if now.expected is None and self._is_before_history(key, now.found):
            self.counted.before_history += 1
            return "same"
        if self._is_certain(key, before, now, is_last=is_last):
            return _kind(now)
        if not is_last:
            return None
        return "unsettled" if self._is_on_its_way(key, now) or self._is_too_quick(key, now) else _kind(now)

    def _is_certain(self, key: Key, before: _Look | None, now: _Look, *, is_last: bool) -> bool:
        """Whether two reads agree, and nothing that went on at the same time can explain what they found."""
        if before is None or before.found != now.found or now.verdict is Verdict.BEHIND:
            return False
        if self._tail is None or key in self._tail.differed:
            return True
        if now.verdict is Verdict.AHEAD:
            return self._has_passed(key, now)
        if now.verdict is Verdict.MISSING and topic_of(key) is CONNECTIONS:
            # A connection of a gateway that had ended is never recorded; the log tells so a moment later.
            return is_last
        is_unchanged = _position(before.expected) == _position(now.expected)
        return is_unchanged and (_is_for_good(now) or self._stood_still(key, before))

    def _has_passed(self, key: Key, now: _Look) -> bool:
        """Whether the fold has come past the row's position, and met no event there that writes it."""
        position = -1 if now.found is None else position_of(now.found)
        if position is None:
            return True
        fence = _fence_of(key)
        return fence is None or position <= _position(self._folded.get(fence))

    def _stood_still(self, key: Key, before: _Look) -> bool:
        """Whether the fold knows all that the room had done when the row was read the time before."""
        fence = _fence_of(key)
        return fence is None or before.fence_position <= _position(self._folded.get(fence))

    def _is_on_its_way(self, key: Key, now: _Look) -> bool:
        if now.verdict is Verdict.BEHIND:
            return True
        position = None if now.found is None else position_of(now.found)
        outbox = now.found if key.sk == table.FENCE else now.fence
        if now.verdict is not Verdict.AHEAD or position is None or topic_of(key) is not SUBMISSIONS:
            return False
        return in_outbox(outbox, str(owner_of(key)), position)

    def _is_too_quick(self, key: Key, now: _Look) -> bool:
        """Whether the room has moved on past the fold up to the last look.

        Not what a fence says that is past the log's end, or that does not hold the fact it stands at: that is a lie.
        """
        fence = _fence_of(key)
        if self._tail is None or fence is None or key == fence:
            return False
        part = self._log.part_of(SUBMISSIONS, str(owner_of(key)))
        if not _position(self._folded.get(fence)) < now.fence_position < self._log.end(part):
            return False
        found = None if now.found is None else position_of(now.found)
        return now.verdict is not Verdict.AHEAD or (found is not None and found <= now.fence_position)

    def _is_before_history(self, key: Key, found: Item | None) -> bool:
        owner = owner_of(key, found)
        if owner is None or found is None:
            return False
        topic = topic_of(key)
        if topic is CONNECTIONS:
            return (position_of(found) or 0) < self._log.begin(self._log.part_of(CONNECTIONS, owner))
        folded = ROOMS if topic is SUBMISSIONS else USERS
        fence = _fence_of(key)
        is_known = fence is not None and self._folded.get(fence) is not None
        return not is_known and self._log.begin(self._log.part_of(folded, owner)) > 0

    def _difference(self, kind: str, key: Key, look: _Look) -> Difference:
        named: Kind = "missing" if kind == "missing" else "extra" if kind == "extra" else "different"
        expected = look.expected if self._tail is None else self._tail.differed.get(key, look.expected)
        return difference(self._log, named, key, expected, look.found)


def _is_for_good(look: _Look) -> bool:
    """Whether no later event could explain it: a message goes with none, and a position has one state."""
    if look.verdict is Verdict.MISSING:
        return type(look.expected) in IMMUTABLE
    return look.found is not None and position_of(look.found) == _position(look.expected)


def _kind(look: _Look) -> str:
    if look.found is None:
        return "missing"
    return "extra" if look.expected is None or isinstance(look.expected, Gone) else "different"


def _position(expected: Row | None) -> int:
    return -1 if expected is None else expected.position


def _fence_of(key: Key) -> Key | None:
    """The fence that stands over the row; None: it is no room's."""
    return table.fence(str(owner_of(key))) if topic_of(key) is SUBMISSIONS else None


def _fences(keys: Iterable[Key]) -> list[Key]:
    return list(dict.fromkeys(fence for key in keys if (fence := _fence_of(key)) is not None))


async def _pages(reads: TableScans, *, keys_only: bool = False) -> AsyncGenerator[list[Item]]:
    # Short pages: a busy table answers each of them in time.
    async for page in reads.scan(0, 1, keys_only=keys_only, page=CHUNK):
        yield page


def _parts_of(page: Sequence[Item]) -> Iterable[dict[Key, Item]]:
    """Those rows that a fold has, in chunks."""
    rows = [(key, stored) for stored in page if class_of(key := key_of(stored)) is not None]
    for start in range(0, len(rows), CHUNK):
        yield dict(rows[start : start + CHUNK])
