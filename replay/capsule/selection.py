"""Which rooms and users a slice needs: those that it is about, and those whose events its folds stand on.

A room is taken whole from its creation on, with the profiles and connections of everybody it ever named; otherwise the
fold of the slice would come to something else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.topics import (
    CONNECTIONS,
    CONTROLS,
    DEAD_LETTERS,
    DELIVERIES,
    GATEWAYS,
    PRESENCE,
    ROOMS,
    SIGNALS,
    SUBMISSIONS,
    USERS,
    Topic,
)
from replay.log import Log, Part
from replay.seen import Seen, see
from replay.subject import UserSubject, people_of
from replay.timeline import OnProgress, Window

BY_ROOM = (SUBMISSIONS, ROOMS, DELIVERIES, SIGNALS, DEAD_LETTERS)
BY_USER = (USERS, CONNECTIONS, PRESENCE, CONTROLS, DEAD_LETTERS)
ALWAYS = Window()
WHOLE = (GATEWAYS, CONTROLS)
"""Few records: what a gateway's life tells of connections."""


@dataclass(slots=True)
class Selection:
    """What goes into a capsule."""

    about: str
    rooms: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    to_ms: int | None = None

    def parts(self, log: Log, topic: Topic) -> list[Part]:
        """The partitions where its records of the topic stand."""
        if topic in WHOLE:
            return log.parts(topic)
        keys = (self.rooms if topic in BY_ROOM else set()) | (self.users if topic in BY_USER else set())
        return sorted({log.part_of(topic, key) for key in keys})

    def keeper(self, topic: Topic) -> Callable[[bytes | None, bytes | None], bool]:
        """Whether a record of the topic belongs to it."""
        if topic is GATEWAYS:
            return lambda _key, value: value is not None and b'"tick"' not in value
        keys = {key.encode() for key in (self.rooms if topic in BY_ROOM else set())}
        keys |= {key.encode() for key in (self.users if topic in BY_USER else set())}
        if topic is CONTROLS:
            return lambda key, value: key in keys or (value is not None and b'"epochLapsed"' in value)
        return lambda key, _value: key in keys


async def of_room(log: Log, room: str, on_progress: OnProgress) -> Selection:
    """Everything of one room."""
    made = Selection(f"room {room}", {room})
    await _add_people(log, made, on_progress)
    return made


async def of_user(log: Log, user: str, on_progress: OnProgress) -> Selection:
    """Everything of one user, and all rooms that they were ever in or spoke to."""
    made, subject = Selection(f"user {user}", users={user}), UserSubject(user)

    def take(seen: Seen) -> None:
        if user in people_of(seen):
            made.rooms.add(seen.key)

    await _scan(log, log.parts(SUBMISSIONS, ROOMS), subject.keep, take, on_progress)
    await _add_people(log, made, on_progress)
    return made


async def of_window(log: Log, window: Window, about: str, on_progress: OnProgress) -> Selection:
    """Every room and user of whom the log tells something in that time, with their past, up to its end."""
    made = Selection(about, to_ms=window.to_ms)

    def take(seen: Seen) -> None:
        if window.holds(seen):
            (made.rooms if seen.record.topic in _ROOM_TOPICS else made.users).add(seen.key)

    parts = log.parts(SUBMISSIONS, ROOMS, USERS, CONNECTIONS)
    await _scan(log, parts, lambda _key, _value: True, take, on_progress, window)
    await _add_people(log, made, on_progress)
    return made


_ROOM_TOPICS = frozenset({SUBMISSIONS.name, ROOMS.name})


async def _add_people(log: Log, made: Selection, on_progress: OnProgress) -> None:
    """Everybody whom events of these rooms name."""
    keys = {room.encode() for room in made.rooms}
    parts = sorted({log.part_of(topic, room) for topic in (SUBMISSIONS, ROOMS) for room in made.rooms})

    def take(seen: Seen) -> None:
        if seen.event is not None:
            made.users.update(people_of(seen))

    await _scan(log, parts, lambda key, _value: key in keys, take, on_progress, Window(None, made.to_ms))


async def _scan(
    log: Log,
    parts: list[Part],
    keep: Callable[[bytes | None, bytes | None], bool],
    take: Callable[[Seen], None],
    on_progress: OnProgress,
    window: Window = ALWAYS,
) -> None:
    spans = await log.between(parts, window.from_ms, window.to_ms)
    total = sum(len(span) for span in spans.values())
    async with log.reading(spans, keep=keep) as reading:
        while not reading.done:
            for record in await reading.any():
                take(see(log.original(record)))
            on_progress(reading.read, total)
