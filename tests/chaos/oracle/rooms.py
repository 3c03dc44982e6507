"""chat.rooms as one order of facts for each room, each fact once, with who was in the room at each message."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from chassis.records import Record
from contracts.envelope import ContractError
from contracts.facts import Fact, MessagePosted, MessageRejected, ParticipantRemoved, ParticipantsAdded, RoomCreated
from contracts.topics import ROOMS


class Placed(NamedTuple):
    """A fact, the first place where it stands, and when it came there (epoch seconds)."""

    fact: Fact
    place: str
    at: float
    people: frozenset[str]
    """Who is in the room at that place, the fact's own effect included."""


class Posted(NamedTuple):
    """A message at its place."""

    message: str
    seq: int
    sender: str
    tag: str
    keyed: bool
    place: str
    at: float
    people: frozenset[str]


@dataclass(slots=True)
class Room:
    """One room as the log tells it."""

    facts: list[Placed] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    by_id: dict[str, list[Posted]] = field(default_factory=lambda: defaultdict(list))
    by_seq: dict[int, Posted] = field(default_factory=dict)
    people: frozenset[str] = frozenset()

    def take(self, fact: Fact, place: str, at: float) -> None:
        """The next fact that has not been there before."""
        self.people = _people_after(fact, self.people)
        self.facts.append(Placed(fact, place, at, self.people))
        if isinstance(fact, MessagePosted):
            one = _posted(fact, place, at, self.people)
            self.posted.append(one)
            self.by_id[one.message].append(one)
            self.by_seq.setdefault(one.seq, one)

    def rejections(self) -> Iterable[tuple[MessageRejected, Placed]]:
        """The messages that were refused."""
        return ((one.fact, one) for one in self.facts if isinstance(one.fact, MessageRejected))


def rooms_of(records: Iterable[Record]) -> Mapping[str, Room]:
    """All rooms; what cannot be read is left out, and so is what stands there again under its eventId."""
    rooms: dict[str, Room] = defaultdict(Room)
    seen: set[str] = set()
    for record in records:
        fact = fact_of(record)
        if fact is not None and fact.event_id not in seen:
            seen.add(fact.event_id)
            rooms[fact.chat_room_id].take(fact, place_of(record), record.timestamp / 1000)
    return dict(rooms)


def fact_of(record: Record) -> Fact | None:
    """The fact in a record of chat.rooms; None for what is none (a poison record)."""
    try:
        event = ROOMS.decode(record.value)
    except ContractError:
        return None
    return event if isinstance(event, Fact) else None


def place_of(record: Record) -> str:
    """`topic/partition/offset`."""
    return f"{record.topic}/{record.partition}/{record.offset}"


def tag_of(content: str) -> str:
    """By what the journal knows a message: the first word."""
    return content.partition(" ")[0]


def _people_after(fact: Fact, people: frozenset[str]) -> frozenset[str]:
    match fact:
        case RoomCreated():
            return frozenset(fact.participant_ids)
        case ParticipantsAdded():
            return people | frozenset(fact.user_ids)
        case ParticipantRemoved():
            return people - {fact.user_id}
    return people


def _posted(fact: MessagePosted, place: str, at: float, people: frozenset[str]) -> Posted:
    keyed = isinstance(fact.client_message_id, str)
    return Posted(fact.message_id, fact.seq, fact.sender_id, tag_of(fact.content), keyed, place, at, people)
