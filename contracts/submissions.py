"""chat.submissions (key: chatRoomId): what people asked for, from gateway and api (spec 3, 8 and 11)."""

from msgspec import UNSET, UnsetType

from contracts.connections import ConnectionRef
from contracts.envelope import Event
from contracts.ids import ClientMessageId, Id


class Submission(Event, frozen=True, kw_only=True):
    """What all submissions have."""

    chat_room_id: Id
    connection: ConnectionRef | UnsetType = UNSET
    """The socket it came through; absent when it came through the HTTP API."""


class SendMessage(Submission, frozen=True, kw_only=True):
    """Post `content`; `clientMessageId` makes it idempotent for as long as the table lives."""

    sender_id: Id
    content: str
    client_message_id: ClientMessageId | UnsetType = UNSET


class CreateRoom(Submission, frozen=True, kw_only=True):
    """Make a room; `participantIds` at most 40 of them, the creator among them."""

    name: str
    participant_ids: tuple[Id, ...]
    requested_by: Id


class AddParticipants(Submission, frozen=True, kw_only=True):
    """Add people; at most 40 in one submission."""

    user_ids: tuple[Id, ...]
    requested_by: Id
    by_admin: bool = False
    """Without effect, and no longer written: an admin who is not in a room adds nobody."""


class RemoveParticipant(Submission, frozen=True, kw_only=True):
    """Remove one person."""

    user_id: Id
    requested_by: Id
    by_admin: bool = False


class MarkRead(Submission, frozen=True, kw_only=True):
    """Move the reader's mark forward to at most `seq`."""

    user_id: Id
    seq: int
