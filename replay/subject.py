"""What a timeline is about, and which events are about it. Pure.

A subject looks twice: at the bytes, which is quick and lets some strangers through, and at the event. What it learns
on the way (a user's connections, the ids of messages) it remembers, bounded.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Protocol

from contracts import facts as told
from contracts.connections import Connected
from contracts.controls import EpochLapsed
from contracts.deliveries import Pushed
from contracts.envelope import Event
from contracts.gateways import LeaseRenewed, Stopped
from contracts.ids import epoch_of, message_id
from contracts.submissions import AddParticipants, CreateRoom, MarkRead, RemoveParticipant, SendMessage, Submission
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
from replay.seen import Seen

REMEMBERED = 50_000


class Subject(Protocol):
    """A room, a user, a connection or a message."""

    topics: tuple[Topic, ...]

    def parts(self, log: Log) -> list[Part]:
        """The partitions where it may occur."""

    def keep(self, key: bytes | None, value: bytes | None) -> bool:
        """Whether a record may be about it."""

    def concerns(self, seen: Seen) -> bool:
        """Whether an event is about it. Asked in causal order, once for each."""


class Remembered:
    """Ids that were met, the latest of them."""

    def __init__(self, some: Iterable[str] = (), *, most: int = REMEMBERED) -> None:
        self._most = most
        self._ids: OrderedDict[str, None] = OrderedDict.fromkeys(some)

    def add(self, one: str) -> None:
        """Remember it; the one that was met longest ago goes where there are too many."""
        self._ids[one] = None
        self._ids.move_to_end(one)
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)

    def __contains__(self, one: object) -> bool:
        return one in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)


class RoomSubject:
    """All that was asked of a room, decided in it, pushed for it or put aside."""

    topics: tuple[Topic, ...] = (SUBMISSIONS, ROOMS, DELIVERIES, SIGNALS, DEAD_LETTERS)

    def __init__(self, chat_room_id: str) -> None:
        self.chat_room_id = chat_room_id
        self._key = chat_room_id.encode()

    def parts(self, log: Log) -> list[Part]:
        """All of these topics have its key."""
        return [log.part_of(topic, self.chat_room_id) for topic in self.topics]

    def keep(self, key: bytes | None, value: bytes | None) -> bool:  # noqa: ARG002 - the port's shape
        """By its key."""
        return key == self._key

    def concerns(self, seen: Seen) -> bool:  # noqa: ARG002 - the port's shape
        """All with its key."""
        return True


class MessageSubject(RoomSubject):
    """One message: what was asked (repetitions too), decided, pushed and put aside."""

    topics: tuple[Topic, ...] = (SUBMISSIONS, ROOMS, DELIVERIES, DEAD_LETTERS)

    def __init__(self, chat_room_id: str, wanted: str) -> None:
        super().__init__(chat_room_id)
        self.message_id = wanted
        self._events = Remembered()

    def concerns(self, seen: Seen) -> bool:
        """By the message's id, or by the submissions that had it."""
        match seen.event:
            case SendMessage() as asked:
                return self._asks(asked)
            case told.Fact() as fact:
                return fact.submission.event_id in self._events or getattr(fact, "message_id", "") == self.message_id
            case Pushed() as pushed:
                return any(one.message_id == self.message_id for one in pushed.messages)
        return seen.record.topic == DEAD_LETTERS.name and self._names_submission(seen.record.value)

    def _asks(self, asked: SendMessage) -> bool:
        if id_of(asked) != self.message_id and asked.event_id != self.message_id:
            return False
        self._events.add(asked.event_id)
        return True

    def _names_submission(self, value: bytes | None) -> bool:
        return any(event_id.encode() in (value or b"") for event_id in self._events)


class UserSubject:
    """All that a user did, all that was done to them, and where they were."""

    topics: tuple[Topic, ...] = (
        CONNECTIONS,
        SUBMISSIONS,
        ROOMS,
        USERS,
        SIGNALS,
        PRESENCE,
        CONTROLS,
        DELIVERIES,
        DEAD_LETTERS,
    )

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self._key = user_id.encode()
        self._quoted = f'"{user_id}"'.encode()
        self._connections = Remembered()
        self._messages = Remembered()

    def parts(self, log: Log) -> list[Part]:
        """One partition where the user is the key; all of the others."""
        own = [log.part_of(topic, self.user_id) for topic in (CONNECTIONS, USERS, PRESENCE)]
        return own + log.parts(SUBMISSIONS, ROOMS, SIGNALS, CONTROLS, DELIVERIES, DEAD_LETTERS)

    def keep(self, key: bytes | None, value: bytes | None) -> bool:
        """By the key or the name; outcomes of pushes name connections and messages, so all of them."""
        return key == self._key or (value is not None and (self._quoted in value or b'"type":"pushed"' in value))

    def concerns(self, seen: Seen) -> bool:
        """By the people that the event names."""
        event = seen.event
        if isinstance(event, Pushed):
            return self._is_theirs(event)
        if self.user_id not in people_of(seen):
            return False
        if isinstance(event, Connected):
            self._connections.add(event.connection_id)
        if isinstance(event, told.MessagePosted) and event.sender_id == self.user_id:
            self._messages.add(event.message_id)
        return True

    def _is_theirs(self, pushed: Pushed) -> bool:
        missed = any(one in self._connections for one in (*pushed.gone, *pushed.slow, *pushed.dropped))
        return missed or any(one.message_id in self._messages for one in pushed.messages)


class ConnectionSubject:
    """The life of one socket, what came through it and what was told to it alone."""

    topics: tuple[Topic, ...] = (
        CONNECTIONS,
        SUBMISSIONS,
        ROOMS,
        SIGNALS,
        PRESENCE,
        GATEWAYS,
        CONTROLS,
        DELIVERIES,
    )

    def __init__(self, connection_id: str) -> None:
        self.connection_id = connection_id
        self._epoch = epoch_of(connection_id)
        self._bytes = (connection_id.encode(), self._epoch.encode())
        self._asked = Remembered()
        self._listed = False

    def parts(self, log: Log) -> list[Part]:
        """Its user is not known beforehand."""
        return log.parts(*self.topics)

    def keep(self, key: bytes | None, value: bytes | None) -> bool:  # noqa: ARG002 - the port's shape
        """By its id, by its gateway's epoch, and every fact: those that answer it name the submission alone."""
        if value is None:
            return False
        return any(one in value for one in self._bytes) or b'"submission":' in value

    def concerns(self, seen: Seen) -> bool:
        """By its id, by its submissions, or by the end of its gateway's epoch."""
        event = seen.event
        match event:
            case Submission() if self._is_in(seen):
                self._asked.add(event.event_id)
                return True
            case told.Fact():
                return event.submission.event_id in self._asked
            case LeaseRenewed():
                return False
            case Stopped() | EpochLapsed():
                return event.epoch == self._epoch
        if seen.record.topic == PRESENCE.name:
            return self._appears_or_goes(seen)
        return self._is_in(seen)

    def _appears_or_goes(self, seen: Seen) -> bool:
        """Of presence, the value that lists it first and the one that lists it no more: not each in between."""
        before, self._listed = self._listed, self._is_in(seen)
        return before != self._listed

    def _is_in(self, seen: Seen) -> bool:
        return self._bytes[0] in (seen.record.value or b"")


def id_of(asked: SendMessage) -> str:
    """The id that the message has, or would have had: what the ACK told."""
    key = asked.client_message_id if isinstance(asked.client_message_id, str) else None
    return message_id(asked.sender_id, asked.chat_room_id, client_message_id=key, event_id=asked.event_id)


def people_of(seen: Seen) -> frozenset[str]:
    """The users that an event names; of a dead letter its key."""
    if seen.event is None:
        return frozenset({seen.key})
    return frozenset(_people(seen.event))


def _people(event: Event) -> Iterable[str]:
    match event:
        case SendMessage() | told.MessagePosted() | told.MessageRejected():
            yield event.sender_id
        case CreateRoom():
            yield from (event.requested_by, *event.participant_ids)
        case AddParticipants():
            yield from (event.requested_by, *event.user_ids)
        case RemoveParticipant():
            yield from (event.requested_by, event.user_id)
        case told.RoomCreated():
            yield from (event.created_by, *event.participant_ids)
        case told.ParticipantsAdded():
            yield from (event.added_by, *event.user_ids)
        case told.ParticipantRemoved():
            yield from (event.removed_by, event.user_id)
        case told.CommandRejected():
            yield event.requested_by
        case MarkRead() | told.MessagesRead():
            yield event.user_id
        case _:
            named = (getattr(event, name, None) for name in ("user_id", "updated_by"))
            yield from (one for one in named if isinstance(one, str))
