"""What an event does to the table, row by row, told from the event alone. Pure.

The fold itself is asked (chassis/projection, services/presence/records), on just the rows that the event can follow.
"""

from dataclasses import dataclass
from typing import Literal

from chassis.actions import Delete, Put
from chassis.projection.profiles import rows_of_profile
from chassis.projection.rooms import rows_of
from chassis.projection.view import Writes
from contracts import table
from contracts.facts import (
    CommandRejected,
    Fact,
    MessagePosted,
    MessageRejected,
    MessagesRead,
    ParticipantRemoved,
    RoomCreated,
)
from contracts.rows import FenceRow, MembershipRow, RoomRow, Row
from contracts.table import Key
from contracts.users import ProfileUpdated
from replay.seen import Seen, connection_event
from services.presence.records import actions_of

OPEN_ROOMS = 50_000


@dataclass(frozen=True, slots=True)
class Effect:
    """One row that an event puts or deletes."""

    verb: Literal["put", "delete"]
    key: Key

    def __str__(self) -> str:
        return f"{self.verb} {self.key.pk} | {self.key.sk}"


class Effects:
    """Events of a story in order: a fact that comes again does nothing the second time."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}

    def of(self, seen: Seen) -> list[Effect]:
        """The rows that it wrote."""
        event = seen.event
        if isinstance(event, Fact):
            return self._of_fact(event)
        if isinstance(event, ProfileUpdated):
            return _effects(rows_of_profile(event, seen.record.offset, {}))
        received = connection_event(seen)
        return [] if received is None else [_effect(action) for action in actions_of([received])]

    def _of_fact(self, fact: Fact) -> list[Effect]:
        before = self._positions.get(fact.chat_room_id)
        if before is not None and fact.submission.offset <= before:
            return []
        if before is None and isinstance(fact, MessageRejected | CommandRejected):
            # Nothing of the room was seen yet: where it does not exist a refusal leaves no row.
            return []
        self._remember(fact)
        return _effects(writes_of(fact))

    def _remember(self, fact: Fact) -> None:
        self._positions.pop(fact.chat_room_id, None)
        self._positions[fact.chat_room_id] = fact.submission.offset
        if len(self._positions) > OPEN_ROOMS:
            del self._positions[next(iter(self._positions))]


def writes_of(fact: Fact) -> Writes:
    """The rows that the fact writes in a room where it is the next thing to happen; participants are not whole."""
    return rows_of(fact, _just_before(fact))


def _just_before(fact: Fact) -> dict[Key, Row]:
    if isinstance(fact, RoomCreated):
        return {}
    room_id, position = fact.chat_room_id, fact.submission.offset - 1
    seq, timestamp = (fact.seq - 1, fact.timestamp - 1) if isinstance(fact, MessagePosted) else (0, 0)
    people = (fact.user_id,) if isinstance(fact, ParticipantRemoved) else ()
    rows: dict[Key, Row] = {
        table.fence(room_id): FenceRow(position=position, seq=seq, timestamp=timestamp, facts=()),
        table.room(room_id): RoomRow(
            position=position, chat_room_id=room_id, name="", participant_ids=people, created_by="", created_at=""
        ),
    }
    if isinstance(fact, MessagesRead):
        mark = MembershipRow(position=position, chat_room_id=room_id, joined_at="", last_read_seq=0)
        rows[table.membership(fact.user_id, room_id)] = mark
    return rows


def _effects(writes: Writes) -> list[Effect]:
    return [Effect("delete" if row is None else "put", key) for key, row in writes.items()]


def _effect(action: object) -> Effect:
    if isinstance(action, Put):
        return Effect("put", action.key)
    if isinstance(action, Delete):
        return Effect("delete", action.key)
    raise TypeError(f"no effect of a {type(action).__name__}")
