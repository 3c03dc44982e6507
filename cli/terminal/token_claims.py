"""What a token says of itself. Nothing is verified here: the servers do that; a client may only read. Pure."""

from __future__ import annotations

import base64
from typing import Any

import msgspec


class UnreadableTokenError(Exception):
    """Not a token. Its text is in no message."""

    code = "UNREADABLE_TOKEN"
    retryable = False


class Claims(msgspec.Struct, frozen=True):
    """The claims that a client needs."""

    exp: float | None = None


def claims(token: str) -> Claims:
    """Until when the token is good (epoch seconds). Raises UnreadableTokenError."""
    try:
        payload: Any = token.split(".")[1]
        return msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=Claims)
    except (IndexError, ValueError, msgspec.MsgspecError):
        raise UnreadableTokenError("what was given as a token is none: three parts, separated by dots") from None
