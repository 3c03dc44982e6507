"""A fact of chat.rooms as rows (spec 5): message, key, last message, room, memberships and FENCE. Pure."""

from collections.abc import Iterable

from msgspec import UNSET
from msgspec.structs import replace

from chassis.projection.view import Contradiction, Rows, Writes, held, required
from contracts import table
from contracts.facts import (
    CommandRejected,
    Fact,
    MessagePosted,
    MessageRejected,
    MessagesRead,
    NothingChanged,
    ParticipantRemoved,
    ParticipantsAdded,
    RoomCreated,
)
from contracts.limits import LAST_MESSAGE_CHARACTERS
from contracts.rows import ClientMessageRow, FenceRow, LastMessageRow, MembershipRow, MessageRow, RoomRow
from contracts.table import Key


def rows_of(fact: Fact, rows: Rows) -> Writes:
    """What the fact makes of the room's `rows`: FENCE and METADATA, and the membership that it moves, if any.

    FENCE comes without `facts`, which are the outbox of one transaction and no part of the fold. A fact at or below
    FENCE stands in the rows already and gives nothing; so does a refusal in a room that does not exist. Raises
    Contradiction for a fact that cannot follow what `rows` hold.
    """
    fence = held(rows, table.fence(fact.chat_room_id), FenceRow)
    if isinstance(fact, RoomCreated):
        return {} if fence is not None else _created(fact)
    if fence is None:
        return _without_a_room(fact)
    position = fact.submission.offset
    if position <= fence.position:
        return {}
    moved = replace(fence, position=position, facts=())
    return {table.fence(fact.chat_room_id): moved} | _effect(fact, rows, moved)


def key_of_message(fact: MessagePosted) -> Key | None:
    """Where it is remembered that the message was posted: by its own key, or, redriven without one, by its eventId."""
    if fact.client_message_id is not UNSET:
        return table.client_message(fact.chat_room_id, fact.sender_id, fact.client_message_id)
    if fact.submission.redriven is True:
        return table.client_message(fact.chat_room_id, fact.sender_id, fact.submission.event_id)
    return None


def _effect(fact: Fact, rows: Rows, fence: FenceRow) -> Writes:
    match fact:
        case MessagePosted():
            return _posted(fact, fence)
        case ParticipantsAdded():
            return _added(fact, rows)
        case ParticipantRemoved():
            return _removed(fact, rows)
        case MessagesRead():
            return _read(fact, rows)
        case MessageRejected() | CommandRejected() | NothingChanged():
            return {}
    raise Contradiction(f"no rule folds a {type(fact).__name__}")


def _without_a_room(fact: Fact) -> Writes:
    if isinstance(fact, MessageRejected | CommandRejected):
        return {}
    raise Contradiction(f"{type(fact).__name__} in the room {fact.chat_room_id}, which does not exist")


def _created(fact: RoomCreated) -> Writes:
    position, room_id = fact.submission.offset, fact.chat_room_id
    room = RoomRow(
        position=position,
        chat_room_id=room_id,
        name=fact.name,
        participant_ids=fact.participant_ids,
        created_by=fact.created_by,
        created_at=fact.created_at,
    )
    fence = FenceRow(position=position, seq=0, timestamp=0, facts=())
    joined = _memberships(fact, fact.participant_ids, joined_at=fact.created_at, last_read_seq=0)
    return {table.fence(room_id): fence, table.room(room_id): room} | joined


def _posted(fact: MessagePosted, fence: FenceRow) -> Writes:
    if fact.seq != fence.seq + 1 or fact.timestamp <= fence.timestamp:
        raise Contradiction(
            f"message {fact.seq} at {fact.timestamp} cannot follow message {fence.seq} at {fence.timestamp}"
        )
    room_id, position = fact.chat_room_id, fact.submission.offset
    writes: Writes = {
        table.fence(room_id): replace(fence, seq=fact.seq, timestamp=fact.timestamp),
        table.message(room_id, fact.timestamp, fact.message_id): _message(fact),
        table.last_message(room_id): _last_message(fact),
    }
    if (key := key_of_message(fact)) is not None:
        writes[key] = ClientMessageRow(
            position=position, message_id=fact.message_id, timestamp=fact.timestamp, seq=fact.seq
        )
    return writes


def _message(fact: MessagePosted) -> MessageRow:
    return MessageRow(
        position=fact.submission.offset,
        message_id=fact.message_id,
        chat_room_id=fact.chat_room_id,
        sender_id=fact.sender_id,
        content=fact.content,
        message_type=fact.message_type,
        created_at=fact.created_at,
        timestamp=fact.timestamp,
        seq=fact.seq,
        client_message_id=fact.client_message_id,
    )


def _last_message(fact: MessagePosted) -> LastMessageRow:
    return LastMessageRow(
        position=fact.submission.offset,
        last_message_at=fact.created_at,
        last_message=fact.content[:LAST_MESSAGE_CHARACTERS],
        message_id=fact.message_id,
        sender_id=fact.sender_id,
        seq=fact.seq,
    )


def _added(fact: ParticipantsAdded, rows: Rows) -> Writes:
    room = required(rows, table.room(fact.chat_room_id), RoomRow)
    people = room.participant_ids + fact.user_ids
    changed = replace(room, position=fact.submission.offset, participant_ids=people)
    joined = _memberships(fact, fact.user_ids, joined_at=fact.joined_at, last_read_seq=fact.last_read_seq)
    return {table.room(fact.chat_room_id): changed} | joined


def _removed(fact: ParticipantRemoved, rows: Rows) -> Writes:
    room = required(rows, table.room(fact.chat_room_id), RoomRow)
    people = tuple(user_id for user_id in room.participant_ids if user_id != fact.user_id)
    return {
        table.room(fact.chat_room_id): replace(room, position=fact.submission.offset, participant_ids=people),
        table.membership(fact.user_id, fact.chat_room_id): None,
    }


def _read(fact: MessagesRead, rows: Rows) -> Writes:
    key = table.membership(fact.user_id, fact.chat_room_id)
    row = required(rows, key, MembershipRow)
    return {key: replace(row, position=fact.submission.offset, last_read_seq=fact.seq)}


def _memberships(fact: Fact, user_ids: Iterable[str], *, joined_at: str, last_read_seq: int) -> Writes:
    row = MembershipRow(
        position=fact.submission.offset,
        chat_room_id=fact.chat_room_id,
        joined_at=joined_at,
        last_read_seq=last_read_seq,
    )
    return {table.membership(user_id, fact.chat_room_id): row for user_id in user_ids}
