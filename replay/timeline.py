"""All events about something, across every topic, in causal order: each with its place, its rows and its receivers.

Reads topics only. Memory holds one fetch of each partition and, for a room, its people and their open connections.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from contracts.facts import Fact, MessagePosted
from contracts.submissions import SendMessage
from contracts.timestamps import iso
from contracts.topics import CONNECTIONS, ROOMS, SUBMISSIONS
from replay.effects import Effect, Effects
from replay.log import Log, Part
from replay.merge import story
from replay.seen import Seen, connection_event, see
from replay.subject import MessageSubject, RoomSubject, Subject, id_of
from replay.whereabouts import Membership, OpenConnections
from replay.words import data_of, sentence

OPEN_BEFORE_MS = 24 * 3_600_000
"""No connection lives longer: its records have this `ttl`."""
OnProgress = Callable[[int, int], None]
"""How many offsets were read, and of how many."""


@dataclass(frozen=True, slots=True)
class Window:
    """Broker times, epoch ms, both included; None: no limit."""

    from_ms: int | None = None
    to_ms: int | None = None

    def holds(self, seen: Seen) -> bool:
        """Whether it happened then."""
        time = seen.record.timestamp
        return (self.from_ms is None or time >= self.from_ms) and (self.to_ms is None or time <= self.to_ms)


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a timeline."""

    seen: Seen
    table: list[Effect]
    receivers: dict[str, list[str]] | None
    """Of a message: each participant, with the connections that were open then. None: not told."""

    def data(self, *, show_content: bool) -> dict[str, Any]:
        """As JSON holds it."""
        seen = self.seen
        made: dict[str, Any] = {
            "time": iso(seen.record.timestamp),
            "topic": seen.place.topic,
            "partition": seen.place.partition,
            "offset": seen.place.offset,
            "type": seen.kind,
            "what": sentence(seen, show_content=show_content),
            "event": data_of(seen, show_content=show_content),
            "table": [str(effect) for effect in self.table],
        }
        return made if self.receivers is None else made | {"receivers": self.receivers}


class NotFound(Exception):
    """Nothing in the log is about it."""

    code = "NOT_FOUND"
    retryable = False


def timeline(log: Log, subject: Subject, window: Window, on_progress: OnProgress) -> AsyncIterator[Line]:
    """The lines, as they are read."""
    if isinstance(subject, RoomSubject):
        return _room_lines(log, subject, window, on_progress)
    return _plain_lines(log, subject, window, on_progress)


async def _plain_lines(log: Log, subject: Subject, window: Window, on_progress: OnProgress) -> AsyncIterator[Line]:
    spans = await log.between(subject.parts(log), window.from_ms, window.to_ms)
    total, effects = sum(len(span) for span in spans.values()), Effects()

    def told(read: int) -> None:
        on_progress(read, total)

    async for seen in story(log, spans, subject.keep, window.holds, told):
        if subject.concerns(seen):
            yield Line(seen, effects.of(seen), None)


async def _room_lines(log: Log, subject: RoomSubject, window: Window, on_progress: OnProgress) -> AsyncIterator[Line]:
    """A room's story, with its people's connections beside it: they tell who should have got each message."""
    people = await _people_until(log, subject.chat_room_id, window)
    connections, effects = OpenConnections(people.ever), Effects()
    membership = people.before
    spans = await log.between(subject.parts(log), window.from_ms, window.to_ms)
    since = None if window.from_ms is None else window.from_ms - OPEN_BEFORE_MS
    spans |= await log.between({log.part_of(CONNECTIONS, user) for user in people.ever}, since, window.to_ms)
    total, keys = sum(len(span) for span in spans.values()), {user.encode() for user in people.ever}

    def keep(key: bytes | None, value: bytes | None) -> bool:
        return key in keys or subject.keep(key, value)

    def told(read: int) -> None:
        on_progress(read, total)

    async for seen in story(log, spans, keep, lambda one: _is_before_end(one, window), told):
        received = connection_event(seen)
        if received is not None:
            connections.apply(received)
            continue
        if isinstance(seen.event, Fact):
            membership.apply(seen.event)
        if seen.key == subject.chat_room_id and window.holds(seen) and subject.concerns(seen):
            yield Line(seen, effects.of(seen), _receivers(seen, membership, connections))


def _is_before_end(seen: Seen, window: Window) -> bool:
    return window.to_ms is None or seen.record.timestamp <= window.to_ms


def _receivers(seen: Seen, membership: Membership, connections: OpenConnections) -> dict[str, list[str]] | None:
    event = seen.event
    if not isinstance(event, MessagePosted):
        return None
    return {user: [one.connection_id for one in connections.of(user)] for user in membership.people}


@dataclass(frozen=True, slots=True)
class _People:
    ever: set[str]
    before: Membership
    """As it stood before the window."""


async def _people_until(log: Log, chat_room_id: str, window: Window) -> _People:
    part, key = log.part_of(ROOMS, chat_room_id), chat_room_id.encode()
    whole, before = Membership(), Membership()
    spans = await log.between([part], None, window.to_ms)
    async for batch in log.records(spans, keep=lambda found, _value: found == key):
        for seen in map(see, batch):
            if isinstance(seen.event, Fact):
                whole.apply(seen.event)
                if window.from_ms is not None and seen.record.timestamp < window.from_ms:
                    before.apply(seen.event)
    return _People(whole.ever, before)


async def find_message(log: Log, wanted: str, on_progress: OnProgress) -> MessageSubject:
    """The message of this id, wherever it is; also by the eventId of its submission, and also one that was refused.

    Raises NotFound.
    """
    found = await _posted(log, wanted, on_progress) or await _asked(log, wanted, on_progress)
    if found is None:
        raise NotFound(f"nothing in chat.submissions or chat.rooms has the message id (or eventId) {wanted}")
    return found


async def _posted(log: Log, wanted: str, on_progress: OnProgress) -> MessageSubject | None:
    raw = wanted.encode()
    async with aclosing(_scan(log, log.parts(ROOMS), lambda value: raw in value, on_progress)) as found:
        async for seen in found:
            event = seen.event
            if isinstance(event, MessagePosted) and wanted in {event.message_id, event.submission.event_id}:
                return MessageSubject(event.chat_room_id, event.message_id)
    return None


async def _asked(log: Log, wanted: str, on_progress: OnProgress) -> MessageSubject | None:
    """Ids of messages are computed, so each submission has to be looked at."""
    sends = b'"type":"sendMessage"'
    async with aclosing(_scan(log, log.parts(SUBMISSIONS), lambda value: sends in value, on_progress)) as found:
        async for seen in found:
            event = seen.event
            if isinstance(event, SendMessage) and wanted in {event.event_id, id_of(event)}:
                return MessageSubject(event.chat_room_id, id_of(event))
    return None


async def _scan(
    log: Log, parts: list[Part], holds: Callable[[bytes], bool], on_progress: OnProgress
) -> AsyncGenerator[Seen]:
    spans = await log.between(parts)
    total = sum(len(span) for span in spans.values())
    async with log.reading(spans, keep=lambda _key, value: value is not None and holds(value)) as reading:
        while not reading.done:
            for record in await reading.any():
                yield see(log.original(record))
            on_progress(reading.read, total)
