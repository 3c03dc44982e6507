"""One WebSocket of one user: frames go to whoever waits for them, all others are passed over."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from contracts.client_frames import SendMessageFrame
from contracts.close_codes import ABNORMAL, GOING_AWAY, RESTART, TOKEN_EXPIRED
from contracts.server_frames import (
    AckFrame,
    ErrorFrame,
    MessageFrame,
    VerificationRequiredFrame,
    decode_server_frame,
)
from services.probe import metrics
from services.probe.failures import Outcome, ProbeFailed, Returned

EXPECTED: Final = frozenset({GOING_AWAY.code, RESTART.code, TOKEN_EXPIRED.code})
"""Closes that every client comes back from by itself."""
OPEN_TIMEOUT_S: Final = 10.0
PING_S: Final = 20.0
FRAME_BYTES: Final = 256 * 1024
# At its most talkative the library writes the head of the handshake, and the token with it.
_SILENT: Final = logging.getLogger("kaiwa.probe.websockets")
_SILENT.setLevel(logging.WARNING)

Answer = type[AckFrame] | type[MessageFrame]


class Socket(Protocol):
    """As much of a connection of the `websockets` library as is used."""

    async def send(self, message: str) -> None:
        """One text frame."""

    async def recv(self) -> str | bytes:
        """The next frame; raises ConnectionClosed."""


class Line:
    """Its `read` must run while anybody waits for an answer."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._waiting: dict[tuple[Answer, str], asyncio.Future[float]] = {}
        self._end: ProbeFailed | Returned | None = None

    async def say(self, chat_room_id: str, content: str, key: str) -> None:
        """Send a message; raises ProbeFailed or Returned where the connection has ended."""
        frame = SendMessageFrame(chat_room_id=chat_room_id, content=content, client_message_id=key)
        try:
            await self._socket.send(msgspec.json.encode(frame).decode())
        except ConnectionClosed as error:
            raise _ended(error) from None

    def expect(self, answer: Answer, key: str) -> "asyncio.Future[float]":
        """When the frame for this message came (monotonic seconds); fails with ProbeFailed or Returned."""
        waiting: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        if self._end is not None:
            waiting.set_exception(self._end)
        self._waiting[answer, key] = waiting
        return waiting

    def forget(self, key: str) -> None:
        """Nobody waits any more for what answers this message."""
        for answer in (AckFrame, MessageFrame):
            waiting = self._waiting.pop((answer, key), None)
            if waiting is not None and not waiting.cancel() and not waiting.cancelled():
                # Seen, so that nobody is told of an error that was never asked for.
                waiting.exception()

    async def read(self) -> None:
        """Hand out frames until the connection ends; raises ProbeFailed or Returned then."""
        try:
            while True:
                self._take(await self._socket.recv())
        except ConnectionClosed as error:
            self._end = _ended(error)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(self._end)
        raise self._end

    def _take(self, text: str | bytes) -> None:
        try:
            frame = decode_server_frame(text)
        except msgspec.MsgspecError:
            # A newer server may push more kinds of frames.
            return
        match frame:
            case AckFrame() | MessageFrame() if isinstance(frame.client_message_id, str):
                waiting = self._waiting.get((type(frame), frame.client_message_id))
                if waiting is not None and not waiting.done():
                    waiting.set_result(time.monotonic())
            case ErrorFrame():
                self._refused(f"ERROR {frame.code}", frame.client_message_id)
            case VerificationRequiredFrame():
                self._refused("VERIFICATION_REQUIRED: an admin approves both users once", frame.client_message_id)
            case _:
                return

    def _refused(self, why: str, key: str | msgspec.UnsetType) -> None:
        for (_, expected), waiting in self._waiting.items():
            if expected == key and not waiting.done():
                waiting.set_exception(ProbeFailed("refused", f"the message is refused: {why}"))


@asynccontextmanager
async def open_line(url: str, token: str) -> AsyncIterator[Line]:
    """A connection without any feature, as clients of the source design have it; raises ProbeFailed."""
    try:
        # Not `async with connect(…)`: that would translate errors of the body, too.
        socket = await connect(
            url,
            # Not in the address, which proxies write into their logs.
            additional_headers={"Authorization": f"Bearer {token}"},
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=2.0,
            max_size=FRAME_BYTES,
            compression=None,
            proxy=None,
            logger=_SILENT,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        outcome: Outcome = "unreachable" if status >= 500 or status == 429 else "refused"
        raise ProbeFailed(outcome, f"the handshake is answered with {status}") from None
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
        raise ProbeFailed("unreachable", f"the gateway does not answer ({type(error).__name__})") from None
    metrics.CONNECTIONS_MADE.inc()
    try:
        yield Line(socket)
    finally:
        await socket.close()


def _ended(error: ConnectionClosed) -> ProbeFailed | Returned:
    code = error.rcvd.code if error.rcvd is not None else ABNORMAL.code
    return Returned(code) if code in EXPECTED else ProbeFailed("cut", f"a connection was closed with {code}")
