"""One WebSocket to the gateway: frames as text, and how it ended. The token travels in a header, never in the URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from contracts.close_codes import ABNORMAL, NO_STATUS

FEATURES = ("presence", "read", "typing", "rooms")
OPEN_TIMEOUT_S = 10.0
PING_S = 20.0


class Closed(Exception):
    """The connection has ended."""

    code = "CLOSED"
    retryable = True

    def __init__(self, close_code: int, reason: str) -> None:
        super().__init__(f"closed with {close_code} {reason}")
        self.close_code = close_code
        self.reason = reason


class Refused(Exception):
    """The handshake was answered with another status than 101."""

    code = "REFUSED"
    retryable = True

    def __init__(self, status: int, message: str, retry_after_s: float | None) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.retry_after_s = retry_after_s


class Unreachable(Exception):
    """Nobody answered."""

    code = "UNREACHABLE"
    retryable = True


class Socket(Protocol):
    """An open connection."""

    async def send(self, text: str) -> None:
        """One frame; raises Closed."""

    def frames(self) -> AsyncIterator[str]:
        """The frames as they come; raises Closed at the end."""


class WebSocket:
    """A Socket on the `websockets` library."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        """One frame; raises Closed."""
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise _closed(error) from None

    async def frames(self) -> AsyncIterator[str]:
        """The frames as they come; raises Closed at the end."""
        try:
            while True:
                text = await self._connection.recv()
                yield text if isinstance(text, str) else text.decode()
        except ConnectionClosed as error:
            raise _closed(error) from None


@asynccontextmanager
async def open_socket(url: str, token: str) -> AsyncIterator[Socket]:
    """A connection with all features; closed on the way out. Raises Refused or Unreachable."""
    try:
        # Not `async with connect(…)`: that would translate errors of the body, too.
        connection = await connect(
            f"{url}?{urlencode({'features': ','.join(FEATURES)}, safe=',')}",
            additional_headers={"Authorization": f"Bearer {token}"},
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=2.0,
            compression=None,
            max_size=None,
            proxy=None,
        )
    except InvalidStatus as error:
        raise _refused(error) from None
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from None
    try:
        yield WebSocket(connection)
    finally:
        await connection.close()


class _Body(msgspec.Struct):
    message: str


def _refused(error: InvalidStatus) -> Refused:
    response = error.response
    try:
        message = msgspec.json.decode(response.body, type=_Body).message
    except (msgspec.MsgspecError, UnicodeDecodeError):
        message = response.reason_phrase
    after = response.headers.get("Retry-After", "")
    return Refused(response.status_code, message, float(after) if after.isdigit() else None)


def _closed(error: ConnectionClosed) -> Closed:
    if error.rcvd is None:
        return Closed(ABNORMAL.code, ABNORMAL.reason)
    return Closed(error.rcvd.code, error.rcvd.reason or (NO_STATUS.reason if error.rcvd.code == NO_STATUS.code else ""))
