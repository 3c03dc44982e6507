"""Records of the single table (spec 5), without the attributes of their keys (those are in table.py).

Types: `…At` strings (ISO 8601), `timestamp` epoch ms, `ttl` epoch seconds, `position` the offset of the event that last
changed the row. Attributes beyond the source design's are additions that its readers ignore.
"""

from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType

from contracts.users import VerificationStatus


class Row(Struct, frozen=True, kw_only=True, rename="camel"):
    """What every row has."""

    position: int


AnyRow = TypeVar("AnyRow", bound=Row)


class ConnectionRow(Row, frozen=True, kw_only=True):
    """A socket, by its id."""

    connection_id: str
    user_id: str
    gateway_id: str
    epoch: str
    connected_at: str
    features: tuple[str, ...] | UnsetType = UNSET
    ttl: int


class UserConnectionRow(Row, frozen=True, kw_only=True):
    """A socket, by its user. `userId` stands in the key alone, as in the source design."""

    connection_id: str
    gateway_id: str
    epoch: str
    connected_at: str
    ttl: int


class ProfileRow(Row, frozen=True, kw_only=True):
    """Who somebody is."""

    user_id: str
    verification_status: VerificationStatus
    display_name: str
    updated_at: str
    unnamed: bool | UnsetType = UNSET
    """True while nobody has chosen the name, which then is the user's id; the first sign-in gives the token's."""


class MembershipRow(Row, frozen=True, kw_only=True):
    """A user's place in a room. `userId` stands in the key alone, as in the source design."""

    chat_room_id: str
    joined_at: str
    last_read_seq: int


class RoomRow(Row, frozen=True, kw_only=True):
    """A room and its people."""

    chat_room_id: str
    name: str
    participant_ids: tuple[str, ...]
    created_by: str
    created_at: str


class LastMessageRow(Row, frozen=True, kw_only=True):
    """The newest message of a room, for lists. `chatRoomId` stands in the key alone."""

    last_message_at: str
    last_message: str
    message_id: str
    sender_id: str
    seq: int


class MessageRow(Row, frozen=True, kw_only=True):
    """A message."""

    message_id: str
    chat_room_id: str
    sender_id: str
    content: str
    message_type: str
    created_at: str
    timestamp: int
    seq: int
    client_message_id: str | UnsetType = UNSET


class ClientMessageRow(Row, frozen=True, kw_only=True):
    """An idempotency key that was used, and what it made."""

    message_id: str
    timestamp: int
    seq: int


class FenceRow(Row, frozen=True, kw_only=True):
    """How far a room is decided; the facts of its last transaction, until they are in the log."""

    seq: int
    timestamp: int
    facts: tuple[bytes, ...]


class OutcomeRow(Row, frozen=True, kw_only=True):
    """What became of a command that came through the HTTP API."""

    code: str
    chat_room_id: str | UnsetType = UNSET
    ttl: int


class CheckpointRow(Row, frozen=True, kw_only=True):
    """All effects of the partition before `position` are in the table."""

    claim: int | UnsetType = UNSET
    """Rises with each worker that takes the partition over; who holds an older one writes no more (presence)."""


class DirectoryRow(Row, frozen=True, kw_only=True):
    """A person, by the start of their name."""

    user_id: str
    display_name: str


class LogIdRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """The topics that the positions of this table refer to: persistence refuses to start on others."""

    topics: dict[str, str]
    """Name to topic id."""
    partitions: dict[str, int]
