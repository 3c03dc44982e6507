"""Frames that a client gets (spec 3), all of them."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType, json

from contracts.ids import ClientMessageId, Id
from contracts.presence import PresenceStatus

ErrorCode = Literal[
    "INVALID_MESSAGE",
    "NOT_A_PARTICIPANT",
    "UNAVAILABLE",
    "THROTTLED",
    "INVALID_TOKEN",
    "TOO_LARGE",
    "INTERNAL",
]


class MessageFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="MESSAGE"):
    """A message; to every connection of every participant."""

    message_id: str
    chat_room_id: Id
    sender_id: Id
    content: str
    message_type: str = "user"
    created_at: str
    timestamp: int
    seq: int
    client_message_id: ClientMessageId | UnsetType = UNSET


class VerificationRequiredFrame(
    Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="VERIFICATION_REQUIRED"
):
    """The sender's profile is not approved; to the sending connection."""

    message: str
    chat_room_id: Id | UnsetType = UNSET
    client_message_id: ClientMessageId | UnsetType = UNSET


class AckFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="ACK"):
    """It is in the log and will be decided; to the sending connection, if it gave the key."""

    message_id: str
    client_message_id: ClientMessageId
    chat_room_id: Id


class ErrorFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="ERROR"):
    """A refusal; to the sending connection."""

    code: ErrorCode
    message: str
    retryable: bool
    client_message_id: ClientMessageId | UnsetType = UNSET
    chat_room_id: Id | UnsetType = UNSET
    retry_after_ms: int | UnsetType = UNSET


class PongFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="PONG"):
    """The answer to a ping that carried an `id`."""

    id: str | int | None
    server_time: int


class TokenRefreshedFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="TOKEN_REFRESHED"):
    """The connection lives on to `expiresAt`."""

    expires_at: str
    server_time: int


class ReadFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="READ"):
    """Somebody has read up to `seq`."""

    chat_room_id: Id
    user_id: Id
    seq: int


class TypingNoticeFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="TYPING"):
    """Somebody is writing; shown for 5 s."""

    chat_room_id: Id
    user_id: Id


class PresenceFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="PRESENCE"):
    """Somebody came or went; a `version` lower than one seen is ignored."""

    user_id: Id
    status: PresenceStatus
    last_seen_at: str
    version: int


class RoomFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="ROOM"):
    """A room appeared, or its people changed; to the participants and to who was removed."""

    change: Literal["created", "added", "removed"]
    chat_room_id: Id
    name: str
    user_ids: tuple[Id, ...]
    participant_count: int


ServerFrame = (
    MessageFrame
    | VerificationRequiredFrame
    | AckFrame
    | ErrorFrame
    | PongFrame
    | TokenRefreshedFrame
    | ReadFrame
    | TypingNoticeFrame
    | PresenceFrame
    | RoomFrame
)
SERVER_FRAMES: tuple[type[Struct], ...] = (
    MessageFrame,
    VerificationRequiredFrame,
    AckFrame,
    ErrorFrame,
    PongFrame,
    TokenRefreshedFrame,
    ReadFrame,
    TypingNoticeFrame,
    PresenceFrame,
    RoomFrame,
)

encode_frame = json.Encoder().encode
"""The JSON bytes of a server frame, `type` first: encoded once per push, whatever the number of its connections."""
decode_server_frame = json.Decoder(ServerFrame).decode
"""For clients written in Python."""
