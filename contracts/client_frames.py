"""Frames that a client sends (spec 1 and 3), routed by `action`, exact and case-sensitive.

Shapes only: white space and code points of `content` are checked by the gateway, which answers INVALID_MESSAGE.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, json

from contracts.ids import ClientMessageId, Id
from contracts.limits import CONTENT_CHARACTERS


class SendMessageFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="action", tag="sendMessage"):
    """Post a message."""

    chat_room_id: Id
    content: Annotated[str, Meta(min_length=1, max_length=CONTENT_CHARACTERS)]
    client_message_id: ClientMessageId | UnsetType = UNSET


class MarkReadFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="action", tag="markRead"):
    """Everything up to `seq` is read."""

    chat_room_id: Id
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)]


class RefreshTokenFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="action", tag="refreshToken"):
    """Go on with a fresh token of the same `sub`."""

    token: str

    def __repr__(self) -> str:
        return "RefreshTokenFrame(token=[redacted])"


class TypingFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="action", tag="typing"):
    """Somebody is writing."""

    chat_room_id: Id


class PingFrame(Struct, frozen=True, kw_only=True, rename="camel", tag_field="action", tag="ping"):
    """The client's heartbeat; answered with a PONG only if it carries an `id`."""

    id: Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)] | None | UnsetType = (
        UNSET
    )


ClientFrame = SendMessageFrame | MarkReadFrame | RefreshTokenFrame | TypingFrame | PingFrame
CLIENT_FRAMES: tuple[type[Struct], ...] = (SendMessageFrame, MarkReadFrame, RefreshTokenFrame, TypingFrame, PingFrame)
ACTIONS: frozenset[str] = frozenset(str(frame.__struct_config__.tag) for frame in CLIENT_FRAMES)

decode_client_frame = json.Decoder(ClientFrame).decode
"""The frame in a text; raises msgspec.ValidationError for an unknown action and for a wrong shape alike."""
