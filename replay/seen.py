"""A record as replay looks at it: decoded if it can be, and what must stand before it. Pure."""

from dataclasses import dataclass

from chassis.records import Record
from contracts.connections import Connected, Disconnected, Retired
from contracts.envelope import ContractError, Event, type_of
from contracts.facts import Fact
from contracts.headers import DEAD_OFFSET, DEAD_PARTITION, DEAD_TOPIC, SETTLED
from contracts.presence import PresenceChanged
from contracts.topics import BY_NAME, CONNECTIONS, DEAD_LETTERS, SUBMISSIONS
from replay.log import Place
from services.presence.received import Received

UNREADABLE = "unreadable"
DEAD_LETTER = "deadLetter"
SETTLED_DEAD_LETTER = "deadLetterSettled"


@dataclass(frozen=True, slots=True)
class Seen:
    """A record with its event; `problem` says why there is none."""

    record: Record
    event: Event | None
    problem: str | None = None

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.record.topic, self.record.partition, self.record.offset)

    @property
    def kind(self) -> str:
        """The event's type, or what else the record is."""
        if self.event is not None:
            return type_of(type(self.event))
        if self.record.topic != DEAD_LETTERS.name:
            return UNREADABLE
        return DEAD_LETTER if self.record.header(SETTLED) is None else SETTLED_DEAD_LETTER

    @property
    def key(self) -> str:
        """The record's key as text."""
        return (self.record.key or b"").decode("utf-8", "replace")


def see(record: Record) -> Seen:
    """Decode what can be decoded; a dead letter stays as it is."""
    topic = BY_NAME[record.topic]
    if not topic.events:
        return Seen(record, None)
    try:
        return Seen(record, topic.decode(record.value))
    except ContractError as error:
        return Seen(record, None, f"{error.code}: {error}")


def dead_place(record: Record) -> Place | None:
    """Where a dead letter stood; None where its headers do not tell."""
    topic, partition, offset = (record.header(name) for name in (DEAD_TOPIC, DEAD_PARTITION, DEAD_OFFSET))
    if topic is None or partition is None or offset is None:
        return None
    try:
        return Place(topic.decode(), int(partition), int(offset))
    except ValueError:
        return None


def causes(seen: Seen) -> tuple[Place, ...]:
    """Records that stand before it whatever the brokers' clocks say."""
    record, event = seen.record, seen.event
    if isinstance(event, Fact):
        return (Place(SUBMISSIONS.name, event.submission.partition, event.submission.offset),)
    if isinstance(event, PresenceChanged):
        return (Place(CONNECTIONS.name, record.partition, event.position),)
    if record.topic == DEAD_LETTERS.name:
        origin = dead_place(record)
        return () if origin is None else (origin,)
    return ()


def connection_event(seen: Seen) -> Received | None:
    """What presence folds of it; None: it is no event of a connection."""
    if isinstance(seen.event, Connected | Disconnected | Retired):
        return Received(seen.event, seen.record.offset, seen.record.timestamp)
    return None
