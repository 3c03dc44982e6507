"""One round over the log and the table (spec 12): what seems wrong is read again, consistently, before it is told.

The log is read on from where the last round ended, so a watch reads each event once. The table is scanned at the given
pace; its rows are judged by what the log tells by then.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence

from chassis.items import Item, key_of, plain
from chassis.log_reader import Span
from chassis.pace import Pace
from chassis.table import TableScans
from contracts import table
from contracts.facts import MessagePosted
from contracts.table import Key
from contracts.timestamps import epoch_ms
from contracts.topics import CONNECTIONS, CONTROLS, GATEWAYS, ROOMS, SUBMISSIONS, USERS
from replay.fsck import metrics
from replay.fsck.epochs import Epochs
from replay.fsck.invariants import (
    INVARIANTS,
    RoomWalk,
    Violation,
    is_connection_half,
    is_newest,
    number,
    other_half,
    position_words,
    same_connection,
)
from replay.fsck.known import KnownEvents
from replay.judge import in_outbox
from replay.kinds import class_of, owner_of, position_of, topic_of
from replay.log import Log, Part
from replay.seen import Seen, see
from replay.timeline import OnProgress

READ = (USERS, ROOMS, CONNECTIONS)
LIVES = (GATEWAYS, CONTROLS)
TOPICS = (*READ, SUBMISSIONS, *LIVES)
PAGE = 250
OUTSTANDING = 10_000
AGAIN_S = 3.0
"""A second look this much later: what was on its way has arrived."""


class Fsck:
    """Rounds over one table; `close` it."""

    def __init__(self, log: Log, reads: TableScans, pace: Pace, on_progress: OnProgress) -> None:
        self._log = log
        self._table = reads
        self._pace = pace
        self._on_progress = on_progress
        self._known = KnownEvents()
        self._at: dict[Part, int] = {}
        self._epochs = Epochs()
        self._room: RoomWalk | None = None
        self._without: dict[Key, Seen] = {}
        """Messages that were not there: each round looks for them again."""
        self.rows = 0
        self.facts = 0
        self.before_history = 0
        """Rows whose event retention has taken: nothing is said of them."""

    def close(self) -> None:
        """Let go of what was noted."""
        self._known.close()

    async def round(self) -> AsyncIterator[Violation]:
        """The violations of one round as they are found. Raises TableError or LogSilent: the next round may go on."""
        began, found = time.monotonic(), dict.fromkeys(INVARIANTS, 0)
        self.rows = self.facts = self.before_history = 0
        async for one in self._both():
            found[one.invariant] += 1
            yield one
        for invariant, count in found.items():
            metrics.VIOLATIONS.labels(invariant).set(count)
        metrics.ROUNDS.inc()
        metrics.LAST_ROUND.set_to_current_time()
        metrics.ROUND_SECONDS.set(time.monotonic() - began)

    async def _both(self) -> AsyncIterator[Violation]:
        outstanding, self._without = list(self._without.values()), {}
        for start in range(0, len(outstanding), PAGE):
            async for one in self._without_message(outstanding[start : start + PAGE]):
                yield one
        async for one in self._read_log():
            yield one
        self._room = None
        async for page in self._table.scan(0, 1, page=PAGE):
            await self._pace.take(len(page))
            self.rows += len(page)
            metrics.ROWS.inc(len(page))
            self._on_progress(self.rows, 0)
            async for one in self._judge(page):
                yield one
        async for one in self._end_room():
            yield one

    # The log

    async def _read_log(self) -> AsyncIterator[Violation]:
        await self._log.refresh(*TOPICS)
        spans = {part: self._span(part) for part in self._log.parts(*READ, *LIVES)}
        async for batch in self._log.records({part: span for part, span in spans.items() if len(span)}):
            self.facts += len(batch)
            metrics.FACTS.inc(len(batch))
            posted = [seen for seen in map(see, batch) if self._note(seen)]
            async for one in self._without_message(posted):
                yield one
        self._known.flush()
        self._at |= {part: span.end for part, span in spans.items()}

    def _span(self, part: Part) -> Span:
        held = self._log.span(part)
        return Span(max(held.begin, self._at.get(part, 0)), held.end)

    def _note(self, seen: Seen) -> bool:
        """Take note of the event; whether it is a message that was posted."""
        if seen.record.topic in {topic.name for topic in LIVES}:
            self._epochs.apply(seen)
        else:
            self._known.add(seen)
        return isinstance(seen.event, MessagePosted)

    async def _without_message(self, posted: Sequence[Seen]) -> AsyncIterator[Violation]:
        keys = {_message_key(seen.event): seen for seen in posted if isinstance(seen.event, MessagePosted)}
        await self._pace.take(len(keys))
        found = await self._table.batch_get(list(keys)) if keys else {}
        wrong = [key for key, seen in keys.items() if not _tells(found.get(key), seen)]
        found = await self._table.batch_get(wrong) if wrong else {}
        for key in wrong:
            if not _tells(found.get(key), keys[key]):
                self._without |= {key: keys[key]} if len(self._without) < OUTSTANDING else {}
                state = "is missing" if key not in found else "tells something else"
                yield Violation("fact has its message", key, f"the row {state}; the fact stands at {keys[key].place}")

    # The table

    async def _judge(self, page: Sequence[Item]) -> AsyncIterator[Violation]:
        for stored in page:
            async for one in self._walk(stored):
                yield one
        rows = [stored for stored in page if class_of(key_of(stored)) is not None]
        async for one in self._without_event(rows):
            yield one
        halves = [stored for stored in rows if is_connection_half(key_of(stored))]
        async for one in self._connections(halves):
            yield one

    async def _without_event(self, rows: Sequence[Item]) -> AsyncIterator[Violation]:
        suspects = {key_of(stored): stored for stored in rows if self._is_unknown(stored)}
        if not suspects:
            return
        # A row may be newer than what was read of the log: its fact comes after it.
        await asyncio.sleep(AGAIN_S)
        async for one in self._read_log():
            yield one
        left = [key for key, stored in suspects.items() if self._is_unknown(stored)]
        found = await self._table.batch_get([*left, *_fences(left)]) if left else {}
        # One that has moved on meanwhile is looked at in the next round.
        left = [key for key in left if found.get(key) == suspects[key] and not _is_on_its_way(key, found)]
        if left:
            # What is in no outbox any more is in the log by now.
            async for one in self._read_log():
                yield one
        for key in left:
            if self._is_unknown(suspects[key]):
                what = f"{position_words(suspects[key])} names no event of {owner_of(key, suspects[key])}"
                yield Violation("row has its event", key, f"{what} in {topic_of(key).name}")

    def _is_unknown(self, stored: Item) -> bool:
        key = key_of(stored)
        owner, position = owner_of(key, stored), position_of(stored)
        if owner is None or position is None:
            return True
        topic = topic_of(key)
        read = ROOMS if topic is SUBMISSIONS else topic
        if not self._known.missing([(topic.name, owner, position)]):
            return False
        if self._log.begin(self._log.part_of(read, owner)) > 0:
            self.before_history += 1
            return False
        return True

    async def _connections(self, halves: Sequence[Item]) -> AsyncIterator[Violation]:
        others = {key_of(stored): other_half(stored) for stored in halves}
        found = await self._table.batch_get([key for key in others.values() if key is not None]) if others else {}
        for stored in halves:
            key = key_of(stored)
            other = others[key]
            if other is None or other not in found or not same_connection(stored, found[other]):
                async for one in self._half(key):
                    yield one
            elif self._is_of_the_dead(stored):
                yield Violation("dead gateway", key, f"its gateway's epoch {plain(stored['epoch'])} is long over")

    async def _half(self, key: Key) -> AsyncIterator[Violation]:
        """Look again at a connection: both of its records are written, and deleted, together."""
        await asyncio.sleep(0.2)
        stored = await self._table.get(key)
        other = None if stored is None else other_half(stored)
        if stored is None:
            return
        if other is None:
            yield Violation("connection halves", key, "it does not name its user")
            return
        half = await self._table.get(other)
        if half is None and await self._table.get(key) is not None:
            yield Violation("connection halves", key, f"its other half {other.pk} | {other.sk} is missing")
        elif half is not None and not same_connection(stored, half):
            yield Violation("connection halves", key, f"its other half {other.pk} | {other.sk} tells something else")

    def _is_of_the_dead(self, stored: Item) -> bool:
        epoch, connected = stored.get("epoch"), stored.get("connectedAt")
        if epoch is None or connected is None:
            return True
        return self._epochs.is_long_over(str(plain(epoch)), epoch_ms(str(plain(connected))))

    # Rooms, one after the other

    async def _walk(self, stored: Item) -> AsyncIterator[Violation]:
        pk = key_of(stored).pk
        if self._room is None or self._room.pk != pk:
            async for one in self._end_room():
                yield one
            self._room = RoomWalk(pk) if pk.startswith(table.CHATROOM_PREFIX) else None
        if self._room is not None:
            self._room.take(stored)

    async def _end_room(self) -> AsyncIterator[Violation]:
        room, self._room = self._room, None
        if room is None:
            return
        for key in room.broken_at:
            if (why := await self._gap(key)) is not None:
                yield Violation("seq without gaps", key, why)
        newest = await self._newest(room.pk)
        if room.is_short and (newest is None or (number(newest, "seq") or 0) < (room.fence_seq or 0)):
            said = f"FENCE counts {room.fence_seq} messages, the newest that is there is {room.seq}"
            yield Violation("seq without gaps", Key(room.pk, table.FENCE), said)
        if room.seq or room.has_last_message:
            async for one in self._last_message(room.pk, newest):
                yield one

    async def _gap(self, key: Key) -> str | None:
        """Look again at a message and the one before it."""
        span = await self._table.query(key.pk, between=(table.MESSAGE_PREFIX, key.sk), ascending=False, limit=2)
        if not span or key_of(span[0]) != key:
            return None
        seq = number(span[0], "seq")
        before = number(span[1], "seq") if len(span) > 1 else 0
        return None if seq is not None and before is not None and seq == before + 1 else f"{seq} comes after {before}"

    async def _newest(self, pk: str) -> Item | None:
        found = await self._table.query(pk, begins_with=table.MESSAGE_PREFIX, ascending=False, limit=1)
        return found[0] if found else None

    async def _last_message(self, pk: str, before: Item | None) -> AsyncIterator[Violation]:
        key = Key(pk, table.LAST_MESSAGE)
        for _ in range(2):
            last, after = await self._table.get(key), await self._newest(pk)
            if last is not None and before is not None and after is not None and is_newest(last, before, after):
                return
            before = after
        told = "nothing" if last is None else f"message {number(last, 'seq')}"
        there = "none" if after is None else f"message {number(after, 'seq')}"
        yield Violation("last message", key, f"it tells {told}, the newest message is {there}")


def _fences(keys: Sequence[Key]) -> list[Key]:
    return [table.fence(str(owner_of(key))) for key in keys if topic_of(key) is SUBMISSIONS]


def _is_on_its_way(key: Key, found: Mapping[Key, Item]) -> bool:
    """Whether the room's outbox holds the fact behind the row."""
    position = position_of(found[key])
    if topic_of(key) is not SUBMISSIONS or position is None:
        return False
    room = str(owner_of(key))
    return in_outbox(found.get(table.fence(room)), room, position)


def _message_key(event: MessagePosted) -> Key:
    return table.message(event.chat_room_id, event.timestamp, event.message_id)


def _tells(stored: Item | None, seen: Seen) -> bool:
    event = seen.event
    return stored is not None and isinstance(event, MessagePosted) and number(stored, "seq") == event.seq
