"""chat.rooms (key: chatRoomId): what persistence decided, one fact for each submission (spec 5 and 11).

Emitted at least once, with the same `eventId`. The position of a fact is the offset of the submission that it answers;
a reader drops what is not above the position it holds for the room.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from contracts.connections import ConnectionRef
from contracts.envelope import Event
from contracts.ids import ClientMessageId, Id

RejectionCode = Literal[
    "VERIFICATION_REQUIRED",
    "NOT_A_PARTICIPANT",
    "INVALID_MESSAGE",
    "INTERNAL",
    "FORBIDDEN",
    "NOT_FOUND",
    "ROOM_EXISTS",
    "TOO_MANY_PARTICIPANTS",
]
Command = Literal["sendMessage", "createRoom", "addParticipants", "removeParticipant", "markRead"]


class SubmissionRef(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the answered submission stands in the log."""

    partition: int
    offset: int
    event_id: str
    redriven: bool | UnsetType = UNSET
    """It was put back from chat.dead-letters, so it is remembered by its eventId too; absent otherwise."""


class Fact(Event, frozen=True, kw_only=True):
    """What all facts have."""

    chat_room_id: Id
    submission: SubmissionRef
    profile_position: int | UnsetType = UNSET
    """The offset in chat.users of the profile that the decision stood on; absent when there was none."""


class MessagePosted(Fact, frozen=True, kw_only=True):
    """A message is in the table and is delivered to every connection of every participant."""

    message_id: str
    sender_id: Id
    content: str
    message_type: str = "user"
    created_at: str
    timestamp: int
    seq: int
    client_message_id: ClientMessageId | UnsetType = UNSET


class MessageRejected(Fact, frozen=True, kw_only=True):
    """A message was refused; the sending connection alone is told."""

    sender_id: Id
    code: RejectionCode
    message: str
    client_message_id: ClientMessageId | UnsetType = UNSET
    connection: ConnectionRef | UnsetType = UNSET


class RoomCreated(Fact, frozen=True, kw_only=True):
    """A room exists."""

    name: str
    participant_ids: tuple[Id, ...]
    created_by: Id
    created_at: str


class ParticipantsAdded(Fact, frozen=True, kw_only=True):
    """`userIds` (those who were not in it before) are in the room; their read marks start at `lastReadSeq`."""

    name: str
    user_ids: tuple[Id, ...]
    added_by: Id
    joined_at: str
    last_read_seq: int
    participant_count: int


class ParticipantRemoved(Fact, frozen=True, kw_only=True):
    """`userId` is no longer in the room."""

    name: str
    user_id: Id
    removed_by: Id
    participant_count: int


class MessagesRead(Fact, frozen=True, kw_only=True):
    """The reader's mark stands at `seq`."""

    user_id: Id
    seq: int


class CommandRejected(Fact, frozen=True, kw_only=True):
    """A command other than a message was refused."""

    command: Command
    requested_by: Id
    code: RejectionCode
    message: str
    connection: ConnectionRef | UnsetType = UNSET


class NothingChanged(Fact, frozen=True, kw_only=True):
    """It was already so: a repeated key (`messageId` names the first), a member added again, a mark not ahead."""

    command: Command
    message_id: str | UnsetType = UNSET
