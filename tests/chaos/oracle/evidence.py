"""What a run left behind, and what is wrong with it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from chassis.items import Item
from chassis.records import Record
from contracts.table import Key
from contracts.topics import ROOMS, Topic
from tests.chaos.journal import AnyEntry, Began, Drained
from tests.chaos.oracle.connections import Connection, connections_of
from tests.chaos.oracle.rooms import Posted, Room, rooms_of


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that does not hold, with all that is known of where."""

    rule: int
    what: str
    room: str | None = None
    message: str | None = None
    client: str | None = None
    place: str | None = None
    """`topic/partition/offset`, or the key of a row."""

    def __str__(self) -> str:
        named = {"room": self.room, "message": self.message, "client": self.client, "at": self.place}
        where = ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)
        return f"({self.rule}) {self.what}" + (f" [{where}]" if where else "")


class Owed(NamedTuple):
    """A message, for one who was in the room."""

    at: float
    """When it came into chat.rooms, epoch seconds."""
    room: str
    posted: Posted


@dataclass(frozen=True)
class Evidence:
    """The journal of all clients, all records of all topics (those of a partition in order), all rows."""

    journal: Sequence[AnyEntry]
    records: Sequence[Record]
    table: Mapping[Key, Item]
    tokens: Sequence[tuple[str, str]] = field(default=())
    """Where something like a token was found, and how it begins."""

    @cached_property
    def clock(self) -> float:
        """What the journal's time 0 is, in seconds since the epoch."""
        return next((entry.clock for entry in self.journal if isinstance(entry, Began)), 0.0)

    @cached_property
    def is_drained(self) -> bool:
        """Whether everything had the time that it needed before the log and the table were read."""
        return any(isinstance(entry, Drained) for entry in self.journal)

    @cached_property
    def connections(self) -> Mapping[int, Connection]:
        """By the run's number."""
        return connections_of(self.journal)

    @cached_property
    def rooms(self) -> Mapping[str, Room]:
        """By id."""
        return rooms_of(self.of(ROOMS))

    @cached_property
    def owed(self) -> Mapping[str, list[Owed]]:
        """For each user what was posted while they were in the room, in the order of the brokers' times."""
        found: dict[str, list[Owed]] = defaultdict(list)
        for room, told in self.rooms.items():
            for posted in told.posted:
                for user in posted.people:
                    found[user].append(Owed(posted.at, room, posted))
        for owed in found.values():
            owed.sort(key=lambda one: one.at)
        return dict(found)

    def of(self, topic: Topic) -> list[Record]:
        """The records of a topic."""
        return [record for record in self.records if record.topic == topic.name]

    def room(self, room: str) -> Room:
        """A room, empty if the log tells nothing of it."""
        return self.rooms.get(room) or Room()
