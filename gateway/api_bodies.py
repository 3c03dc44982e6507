"""Request bodies, bounded."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any


class BodyTooLarge(Exception):
    """It is longer than it may be; the rest of it was not kept."""

    code = "PAYLOAD_TOO_LARGE"
    retryable = False


class BodyCutOff(Exception):
    """Who sent it has gone."""

    code = "BODY_CUT_OFF"
    retryable = True


async def read_body(receive: Callable[[], Awaitable[MutableMapping[str, Any]]], most: int) -> bytes:
    """The whole body; raises BodyTooLarge as soon as it is longer than `most` bytes."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyCutOff
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise BodyTooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
