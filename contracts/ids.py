"""Shapes of ids, and the ids that are computed (spec 2, 3 and 11)."""

import base64
import re
import secrets
import uuid
from typing import Annotated

from msgspec import Meta

# `(?!\n)`, because in Python `$` alone lets a trailing newline through.
ID_PATTERN = r"^[A-Za-z0-9_.@:-]{1,64}$(?!\n)"
CLIENT_MESSAGE_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$(?!\n)"
CONNECTION_ID_PATTERN = r"^[A-Za-z0-9_-]{15}=$(?!\n)"
EPOCH_PATTERN = r"^[0-9a-f]{8}$(?!\n)"

Id = Annotated[str, Meta(pattern=ID_PATTERN)]
"""A room, user or gateway id; none can hold the table's `#` (spec 3)."""
ClientMessageId = Annotated[str, Meta(pattern=CLIENT_MESSAGE_ID_PATTERN)]
ConnectionId = Annotated[str, Meta(pattern=CONNECTION_ID_PATTERN)]
ManyConnectionIds = tuple[Annotated[str, Meta(extra_json_schema={"pattern": CONNECTION_ID_PATTERN})], ...]
"""Connection ids whose shape decoding does not check: at a microsecond each, that is for who can tell known ones."""
Epoch = Annotated[str, Meta(pattern=EPOCH_PATTERN)]
"""One life of a gateway process: 4 bytes as 8 hex digits."""

_ID = re.compile(ID_PATTERN)
_CLIENT_MESSAGE_ID = re.compile(CLIENT_MESSAGE_ID_PATTERN)
_CONNECTION_ID = re.compile(CONNECTION_ID_PATTERN)

# A namespace of our own: another one would give every message ever stored another id.
_MESSAGES = uuid.UUID("6d1f0f0e-8a5e-5b43-9c66-2f1f6f3f7a10")


def is_id(value: str) -> bool:
    """Whether `value` may name a room, a user or a gateway."""
    return _ID.match(value) is not None


def is_client_message_id(value: str) -> bool:
    """Whether `value` may be an idempotency key."""
    return _CLIENT_MESSAGE_ID.match(value) is not None


def is_connection_id(value: str) -> bool:
    """Whether `value` has the shape of a connection id."""
    return _CONNECTION_ID.match(value) is not None


def new_event_id() -> str:
    """A random id for an event that answers no other."""
    return str(uuid.uuid4())


def derived_event_id(event_id: str, index: int = 0) -> str:
    """The id of fact number `index` that answers the submission `event_id`: the same at every redelivery."""
    return str(uuid.uuid5(_MESSAGES, f"fact#{event_id}#{index}"))


def message_id(sender_id: str, chat_room_id: str, *, client_message_id: str | None, event_id: str) -> str:
    """The id of a message (spec 3): made of sender, room and idempotency key, or of the submission's `event_id`.

    Gateway (for the ACK) and persistence (for the record) compute the same.
    """
    if client_message_id is None:
        return str(uuid.uuid5(_MESSAGES, f"event#{event_id}"))
    return str(uuid.uuid5(_MESSAGES, f"key#{sender_id}#{chat_room_id}#{client_message_id}"))


def new_epoch() -> str:
    """A random epoch for a gateway that starts."""
    return secrets.token_hex(4)


def new_connection_id(epoch: str) -> str:
    """An id that names `epoch` and is never given twice (7 random bytes; spec 2)."""
    return base64.urlsafe_b64encode(bytes.fromhex(epoch) + secrets.token_bytes(7)).decode("ascii")


def epoch_of(connection_id: str) -> str:
    """The epoch that a well-formed connection id names."""
    return base64.urlsafe_b64decode(connection_id)[:4].hex()
