"""One partition of a topic as writes of the table, event by event, with the functions that the services use. Pure.

Where retention has taken the beginning, rooms and users that began there are left alone rather than folded wrongly.
"""

from typing import ClassVar, Protocol

from chassis.projection.view import Contradiction
from contracts import table
from contracts.connections import Connected
from contracts.facts import CommandRejected, Fact, MessageRejected, RoomCreated
from contracts.rows import Row
from contracts.table import Key
from contracts.topics import CONNECTIONS, ROOMS, USERS
from contracts.users import ProfileUpdated
from replay.fold import Fold
from replay.log import Part
from replay.seen import Seen, connection_event
from replay.spill import SpilledRows
from services.presence.received import NoTime
from services.presence.records import rows_of_connected

Writes = dict[Key, Row | None]


class Refold(Protocol):
    """The fold of one partition."""

    problems: ClassVar[tuple[type[Exception], ...]]
    before_history: set[str]

    def apply(self, seen: Seen) -> Writes:
        """What the next event writes; nothing for one that comes again, or that is no event of the topic."""

    def close(self) -> None:
        """Let go of what was spilled."""


class RoomsRefold:
    """chat.rooms: memory holds fences, rooms and memberships, the latest of them."""

    problems: ClassVar[tuple[type[Exception], ...]] = (Contradiction,)

    def __init__(self, *, whole: bool, rows: SpilledRows | None = None) -> None:
        self.rows = SpilledRows() if rows is None else rows
        self._fold = Fold(self.rows, messages=False)
        self._whole = whole
        self.before_history: set[str] = set()

    def apply(self, seen: Seen) -> Writes:
        """See Refold."""
        fact = seen.event
        if not isinstance(fact, Fact) or fact.chat_room_id in self.before_history:
            return {}
        if not self._whole and self._began_before(fact):
            self.before_history.add(fact.chat_room_id)
            return {}
        return self._fold.fact(fact)

    def _began_before(self, fact: Fact) -> bool:
        # A refusal may be all there is of a room that never existed.
        if isinstance(fact, RoomCreated | MessageRejected | CommandRejected):
            return False
        return table.fence(fact.chat_room_id) not in self.rows

    def close(self) -> None:
        """See Refold."""
        self.rows.close()


class UsersRefold:
    """chat.users: memory holds profiles, the latest of them."""

    problems: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, *, whole: bool, rows: SpilledRows | None = None) -> None:
        self.rows = SpilledRows() if rows is None else rows
        self._fold = Fold(self.rows, messages=False)
        self._whole = whole
        self.before_history: set[str] = set()

    def apply(self, seen: Seen) -> Writes:
        """See Refold."""
        event = seen.event
        if not isinstance(event, ProfileUpdated) or event.user_id in self.before_history:
            return {}
        if not self._whole and not event.only_if_absent and table.profile(event.user_id) not in self.rows:
            self.before_history.add(event.user_id)
            return {}
        return self._fold.profile(event, seen.record.offset)

    def close(self) -> None:
        """See Refold."""
        self.rows.close()


class ConnectionsRefold:
    """chat.connections: each event tells all there is; nothing is held."""

    problems: ClassVar[tuple[type[Exception], ...]] = (NoTime, ValueError)

    def __init__(self) -> None:
        self.before_history: set[str] = set()

    def apply(self, seen: Seen) -> Writes:
        """See Refold."""
        received = connection_event(seen)
        if received is None:
            return {}
        event = received.event
        keys = (table.connection(event.connection_id), table.user_connection(event.user_id, event.connection_id))
        if not isinstance(event, Connected):
            return dict.fromkeys(keys)
        return dict(zip(keys, rows_of_connected(event, received.offset), strict=True))

    def close(self) -> None:
        """See Refold."""


def refold_of(part: Part, *, whole: bool) -> Refold:
    """The fold of a partition of chat.rooms, chat.users or chat.connections; `whole`: nothing of it has expired."""
    if part.topic == ROOMS.name:
        return RoomsRefold(whole=whole)
    if part.topic == USERS.name:
        return UsersRefold(whole=whole)
    if part.topic == CONNECTIONS.name:
        return ConnectionsRefold()
    raise ValueError(f"the table is no fold of {part.topic}")
