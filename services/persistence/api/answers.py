"""Bodies of answers: camelCase; a field that is absent is left out."""

from typing import Any

from msgspec import UNSET, Struct
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from contracts.presence import PresenceStatus
from contracts.problems import OutcomeCode
from contracts.rows import LastMessageRow, MembershipRow, MessageRow, ProfileRow, RoomRow
from contracts.users import VerificationStatus


class Answer(BaseModel):
    """What all answers have in common."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class LastMessage(Answer):
    """The newest message of a room, for lists."""

    message_id: str
    sender_id: str
    content: str = Field(description="the first 100 characters")
    created_at: str
    seq: int

    @classmethod
    def of(cls, row: LastMessageRow) -> "LastMessage":
        """As the record has it."""
        return cls(
            message_id=row.message_id,
            sender_id=row.sender_id,
            content=row.last_message,
            created_at=row.last_message_at,
            seq=row.seq,
        )


class Room(Answer):
    """A room, as it was made or found."""

    chat_room_id: str
    name: str
    participant_ids: list[str]
    created_by: str
    created_at: str

    @classmethod
    def of(cls, row: RoomRow) -> "Room":
        """As the record has it."""
        return cls(**_fields(row, cls))


class RoomSummary(Answer):
    """One of my rooms."""

    chat_room_id: str
    name: str
    created_by: str
    created_at: str
    joined_at: str
    participant_count: int
    last_seq: int = Field(description="seq of the newest message; 0 in a room without messages")
    last_read_seq: int
    unread: int = Field(description="lastSeq - lastReadSeq")
    last_message: LastMessage | None = None

    @classmethod
    def of(cls, mine: MembershipRow, room: RoomRow, last: LastMessageRow | None) -> "RoomSummary":
        """Put together from the records."""
        return cls(**summary(mine, room, last))


class Participant(Answer):
    """Somebody in a room."""

    user_id: str
    display_name: str = Field(description="the userId for somebody without a profile")
    last_read_seq: int | None = Field(None, description="in rooms of at most 100 participants")


class RoomDetails(RoomSummary):
    """A room with its people."""

    participants: list[Participant]


class Rooms(Answer):
    """My rooms, newest message first."""

    rooms: list[RoomSummary]


class Message(Answer):
    """A message, with the fields of a MESSAGE frame."""

    message_id: str
    chat_room_id: str
    sender_id: str
    content: str
    message_type: str
    created_at: str
    timestamp: int
    seq: int
    client_message_id: str | None = None

    @classmethod
    def of(cls, row: MessageRow) -> "Message":
        """As the record has it."""
        return cls(**_fields(row, cls))


class Messages(Answer):
    """A page of a room's history, always ascending."""

    messages: list[Message]
    has_more: bool = Field(description="whether there are more in the direction that was asked for")


class Presence(Answer):
    """Whether somebody is online; the fields of a PRESENCE frame."""

    user_id: str
    status: PresenceStatus
    last_seen_at: str | None = Field(None, description="absent for somebody who never connected")
    version: int = Field(description="rises with each change; 0 for somebody who never connected")


class RoomPresence(Answer):
    """Who of a room is online."""

    presence: list[Presence]


class Person(Answer):
    """Somebody who was found."""

    user_id: str
    display_name: str


class People(Answer):
    """Who was found, by name."""

    users: list[Person]


class Profile(Answer):
    """Who somebody is."""

    user_id: str
    display_name: str
    verification_status: VerificationStatus
    updated_at: str

    @classmethod
    def of(cls, row: ProfileRow) -> "Profile":
        """As the record has it."""
        return cls(**_fields(row, cls))


class Me(Profile):
    """Who I am."""

    is_admin: bool


class Accepted(Answer):
    """In the log and not decided yet; GET /api/commands/{eventId} tells."""

    event_id: str


class CommandOutcome(Answer):
    """What was decided about a command."""

    event_id: str
    code: OutcomeCode
    status: int = Field(description="the HTTP status that the request would have been answered with")
    chat_room_id: str | None = None


def summary(mine: MembershipRow, room: RoomRow, last: LastMessageRow | None) -> dict[str, Any]:
    """The fields of RoomSummary."""
    last_seq = last.seq if last else 0
    return {
        **{name: getattr(room, name) for name in ("chat_room_id", "name", "created_by", "created_at")},
        "joined_at": mine.joined_at,
        "participant_count": len(room.participant_ids),
        "last_seq": last_seq,
        "last_read_seq": mine.last_read_seq,
        "unread": max(0, last_seq - mine.last_read_seq),
        "last_message": LastMessage.of(last) if last else None,
    }


def _fields(row: Struct, answer: type[Answer]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in answer.model_fields}
    return {name: value for name, value in values.items() if value is not UNSET}
