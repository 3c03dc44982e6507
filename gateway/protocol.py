"""The socket itself: uvicorn's sans-IO WebSocket protocol, made to reach its transport (design 3).

uvicorn parses and keeps the handshake; the ASGI application only opens the door (server.py). From the 101 on there is
no task and no timer for a connection: a text frame is handed to the listener where it arrives, and what is written goes
straight to the transport. permessage-deflate and uvicorn's own pings are off (see server.py).
"""

import asyncio
import logging
from typing import Any, ClassVar, Final, Protocol

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState, PayloadTooBig
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import CONNECTING, OPEN

from contracts.close_codes import ABNORMAL, NO_STATUS, RESTART, UNSUPPORTED
from contracts.close_codes import INVALID_DATA as NOT_UTF8
from gateway import metrics
from gateway.websocket_core import core

_log = logging.getLogger(__name__)

SOCKET: Final = "kaiwa.socket"
"""Where the ASGI scope's state names the protocol."""
_PING: Final = b"\x89\x00"
_PONGS_UNSENT: Final = 64 * 1024
_SLICE_BYTES: Final = 8 * 1024


class Listener(Protocol):
    """Who hears of a socket after its 101. Neither method may raise or wait."""

    def received(self, text: str) -> None:
        """A whole text message."""

    def heard(self) -> None:
        """Bytes came, of whatever kind."""

    def ended(self, code: int, reason: str) -> None:
        """It is over, from the other side or for a fault of theirs; told once, and not if `close` was called."""


def configured(close_timeout_s: float) -> type[WebSocketsSansIOProtocol]:
    """The protocol class for uvicorn's `ws=`."""
    return type("ConfiguredWebSocket", (WebSocket,), {"close_timeout_s": close_timeout_s})


class WebSocket(WebSocketsSansIOProtocol):
    """One socket; implements gateway.connection.Socket."""

    close_timeout_s: ClassVar[float] = 5.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.close_timeout = self.close_timeout_s
        self.conn = core(self.config.ws_max_size, CONNECTING)
        self._listener: Listener | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._backlog = b""
        """What was read and not looked at yet; while there is any, or the socket rests, nothing is read."""

    # The handshake

    def handle_connect(self, event: Request) -> None:
        """Start the ASGI application; nothing more is read until the door is open."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope.setdefault("state", {})[SOCKET] = self
            self.transport.pause_reading()

    async def run_asgi(self) -> None:
        """The application answers the handshake and returns; the connection lives on."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:  # noqa: BLE001 - as in uvicorn: the client gets its 500, the log the cause
            _log.exception("a handshake failed")
            self.send_500_response()
        if self._listener is None:
            self.transport.close()

    def open(self, listener: Listener) -> bool:
        """Hand what comes to `listener`, from now on; False: the client has gone meanwhile."""
        if not self.handshake_complete or self.disconnected or self.transport.is_closing():
            return False
        self._listener = listener
        # Request and scope hold the token, and 4 KB: a new core in the state after the 101 forgets both.
        self.conn = core(self.config.ws_max_size, OPEN)
        del self.request, self.response, self.scope
        self.transport.resume_reading()
        return True

    # What comes

    def data_received(self, data: bytes) -> None:
        """Bytes from the client: a slice at a time, so that a flood of tiny frames does not hold up everybody else."""
        if self._listener is not None:
            self._listener.heard()
        if len(data) <= _SLICE_BYTES and not self._backlog:
            super().data_received(data)
            return
        self._backlog += data
        self.transport.pause_reading()
        self.loop.call_soon(self._next_slice)

    def _next_slice(self) -> None:
        if self.disconnected or (self._resting is not None and not self.close_sent):
            return
        data, self._backlog = self._backlog[:_SLICE_BYTES], self._backlog[_SLICE_BYTES:]
        if data:
            super().data_received(data)
        if self._backlog:
            self.loop.call_soon(self._next_slice)
        elif self._resting is None and not self.transport.is_closing():
            self.transport.resume_reading()

    def send_receive_event_to_app(self) -> None:
        """A whole text message is there."""
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent or self._listener is None:
            return
        try:
            text = str(data, "utf-8")
        except UnicodeDecodeError:
            self._fault(NOT_UTF8.code, NOT_UTF8.reason)
            return
        self._listener.received(text)

    def handle_bytes(self, event: Frame) -> None:  # noqa: ARG002 - uvicorn's signature
        """A binary message begins: no client of ours sends one."""
        self.frames = []
        metrics.met("binary")
        self._fault(UNSUPPORTED.code, UNSUPPORTED.reason)

    def handle_cont(self, event: Frame) -> None:
        """A message goes on, unless it was refused already."""
        if not self.close_sent:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """The core has the pong ready. Who pings without reading gets none: they would pile up."""
        pong = b"".join(self.conn.data_to_send())
        if self.unsent() < _PONGS_UNSENT:
            self.transport.write(pong)

    def handle_pong(self, event: Frame) -> None:
        """`heard` has said it."""

    def handle_close(self, event: Frame) -> None:  # noqa: ARG002 - uvicorn's signature
        """The client closes, or answers our close."""
        if self.close_sent:
            self.transport.close()
            return
        self.close_sent = True
        received = self.conn.close_rcvd
        output = b"".join(self.conn.data_to_send())
        if received is None or received.code == NO_STATUS.code:
            self._ended(NO_STATUS.code, NO_STATUS.reason)
        else:
            self._ended(int(received.code), received.reason)
        self.transport.write(output)
        self.transport.close()

    def handle_parser_exception(self) -> None:
        """What came breaks the protocol or a limit: the core has put its close frame among the output."""
        if self.close_sent:
            return
        self._count_breach()
        # What arrived whole before the fault is still good.
        self.handle_events()
        sent = self.conn.close_sent
        # First this: what it was answered goes out in front of the close frame.
        self._ended(*((int(sent.code), sent.reason) if sent else (ABNORMAL.code, ABNORMAL.reason)))
        self.close_sent = True
        self._write_core()
        self._half_close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport has ended."""
        if self._resting is not None:
            self._resting.cancel()
        self._ended(ABNORMAL.code, ABNORMAL.reason)
        super().connection_lost(exc)

    # What goes

    def write(self, data: bytes) -> int:
        """Hand whole frames to the transport; returns the bytes that the kernel has not taken."""
        transport = self.transport
        if self.close_sent or transport.is_closing():
            return 0
        transport.write(data)
        return transport.get_write_buffer_size()

    def unsent(self) -> int:
        """Bytes that the kernel has not taken."""
        return 0 if self.disconnected else self.transport.get_write_buffer_size()

    def ping(self) -> None:
        """Ask whether somebody is there."""
        self.write(_PING)

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; a client that does not answer it in time is cut off."""
        self._listener = None
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        try:
            self.conn.send_close(code, reason)
        except InvalidState:
            self.transport.abort()
            return
        self.close_sent = True
        self._write_core()
        # Resting or not, the client's answer must be read.
        self._go_on()
        self._cut_off_in_time()

    def abort(self) -> None:
        """Cut it off: the other side is not there."""
        self._listener = None
        self.close_sent = True
        self.transport.abort()

    def rest(self, seconds: float) -> None:
        """Read nothing for a while: who sends too much waits in their own buffers."""
        if self._resting is None and not self.close_sent:
            self.transport.pause_reading()
            self._resting = self.loop.call_later(seconds, self._go_on)

    def shutdown(self) -> None:
        """The server ends. Who was told to go (drain.py) still has the time to answer."""
        if not self.handshake_complete:
            super().shutdown()
        elif not self.close_sent:
            self.close(RESTART.code, RESTART.reason)

    def _go_on(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
            self._next_slice()

    def _fault(self, code: int, reason: str) -> None:
        if self.close_sent:
            return
        self.conn.fail(code, reason)
        self._ended(code, reason)
        self.close_sent = True
        self._write_core()
        self._half_close()

    def _count_breach(self) -> None:
        fault = self.conn.parser_exc
        if isinstance(fault, PayloadTooBig):
            size: Any = self.config.ws_max_size
            metrics.met("frame_bytes" if (fault.size or 0) > size[1] else "message_bytes")

    def _ended(self, code: int, reason: str) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.ended(code, reason)

    def _write_core(self) -> None:
        output = b"".join(self.conn.data_to_send())
        if output and not self.transport.is_closing():
            self.transport.write(output)

    def _half_close(self) -> None:
        # Closing with bytes unread makes the kernel send a reset, which can overtake the close frame.
        if not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()
        self._cut_off_in_time()

    def _cut_off_in_time(self) -> None:
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
