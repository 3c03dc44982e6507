"""A client's text → which route it takes, and what an answer to it must name (spec 1 and 3). Pure."""

import json as forgiving
from dataclasses import dataclass
from typing import Any

import msgspec

from contracts.client_frames import ACTIONS
from contracts.ids import is_client_message_id, is_id

DEFAULT = "$default"
"""The route of every frame that has no other: accepted, counted, nothing is sent back."""


@dataclass(frozen=True, slots=True)
class Request:
    """The outside of a frame. The ids are None where they are absent or not well-formed."""

    action: str
    client_message_id: str | None = None
    chat_room_id: str | None = None


class _Envelope(msgspec.Struct, rename="camel"):
    action: Any = None
    client_message_id: Any = None
    chat_room_id: Any = None


_decode = msgspec.json.Decoder(_Envelope).decode
_NOTHING = Request(DEFAULT)


def request_of(text: str) -> Request:
    """The route and the names in `text`; never raises."""
    try:
        envelope = _decode(text)
    except msgspec.ValidationError:
        return _NOTHING
    except msgspec.DecodeError:
        envelope = _forgiven(text)
    except RecursionError:
        return _NOTHING
    if not isinstance(envelope.action, str) or envelope.action not in ACTIONS:
        return _NOTHING
    key, room = envelope.client_message_id, envelope.chat_room_id
    return Request(
        envelope.action,
        key if isinstance(key, str) and is_client_message_id(key) else None,
        room if isinstance(room, str) and is_id(room) else None,
    )


def _forgiven(text: str) -> _Envelope:
    # JavaScript escapes half a surrogate pair: no UTF-8 can hold it, but who sent it is to get an answer.
    try:
        value = forgiving.loads(text)
    except (ValueError, RecursionError):
        return _Envelope()
    if not isinstance(value, dict):
        return _Envelope()
    return _Envelope(value.get("action"), value.get("clientMessageId"), value.get("chatRoomId"))
