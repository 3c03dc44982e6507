"""Whether a message is posted and a read mark moves (spec 3). Pure."""

from chassis.projection.view import held, required
from contracts import table
from contracts.facts import Fact, MessagePosted, MessagesRead
from contracts.ids import message_id
from contracts.rows import ClientMessageRow, MembershipRow, ProfileRow
from contracts.submissions import MarkRead, SendMessage
from contracts.table import Key
from contracts.timestamps import iso
from services.persistence.case import Case, is_approved
from services.persistence.received import Received


def send(case: Case, asked: SendMessage) -> Fact:
    """Post it, unless it is posted already or its sender may not.

    The key is looked up before the sender is judged: whoever repeats a message that was posted is told so, also after
    they lost the right to post another.
    """
    key = key_of(case.received, asked)
    first = held(case.rows, key, ClientMessageRow) if key else None
    if first is not None:
        return case.nothing(message_id=first.message_id)
    profile = case.profile(asked.sender_id)
    if not is_approved(profile):
        return case.refuse("VERIFICATION_REQUIRED", profile)
    if case.room is None or asked.sender_id not in case.room.participant_ids:
        return case.refuse("NOT_A_PARTICIPANT", profile)
    return _posted(case, asked, profile)


def mark_read(case: Case, asked: MarkRead) -> Fact:
    """Move the mark forward, to at most the room's last `seq` at this place in the log; participants only."""
    if case.fence is None or case.room is None or asked.user_id not in case.room.participant_ids:
        return case.refuse("NOT_A_PARTICIPANT")
    mark = required(case.rows, table.membership(asked.user_id, asked.chat_room_id), MembershipRow)
    seq = min(asked.seq, case.fence.seq)
    if seq <= mark.last_read_seq:
        return case.nothing()
    return MessagesRead(**case.envelope(), user_id=asked.user_id, seq=seq)


def key_of(received: Received, asked: SendMessage) -> Key | None:
    """Where it would be remembered that this message was posted; None where nothing would tell it from a new one.

    The same rule as chassis.projection.rooms.key_of_message, before there is a fact.
    """
    if isinstance(asked.client_message_id, str):
        return table.client_message(asked.chat_room_id, asked.sender_id, asked.client_message_id)
    if received.redriven:
        return table.client_message(asked.chat_room_id, asked.sender_id, asked.event_id)
    return None


def _posted(case: Case, asked: SendMessage, profile: ProfileRow | None) -> Fact:
    last_seq, last_timestamp = (case.fence.seq, case.fence.timestamp) if case.fence else (0, 0)
    # Not the wall clock alone: two messages of one millisecond would share it, and the sort key is the log's order.
    timestamp = max(case.received.arrived_ms, last_timestamp + 1)
    key = asked.client_message_id if isinstance(asked.client_message_id, str) else None
    return MessagePosted(
        **case.envelope(profile),
        message_id=message_id(asked.sender_id, asked.chat_room_id, client_message_id=key, event_id=asked.event_id),
        sender_id=asked.sender_id,
        content=asked.content,
        created_at=iso(timestamp),
        timestamp=timestamp,
        seq=last_seq + 1,
        client_message_id=asked.client_message_id,
    )
