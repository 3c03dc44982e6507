"""uvicorn's HTTP protocol for a public port: a request's head is short, and comes at once.

uvicorn itself takes a head of any length at any pace, which holds memory or a descriptor for whoever asks for it.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from contracts import limits

REFUSED: Final = Counter("kaiwa_http_heads_refused_total", "Heads of requests that broke a limit, by limit", ["limit"])

_HEADER_LINES: Final = 100
# The `websockets` library, which reads the head of a handshake again, takes no longer line.
_LINE_BYTES: Final = 8_000


@dataclass(frozen=True, kw_only=True)
class HeadLimits:
    """What a request's head may be."""

    address_bytes: int = limits.ADDRESS_BYTES
    head_bytes: int = limits.HEAD_BYTES
    head_s: float = limits.HEAD_S


@dataclass(frozen=True)
class _Refusal:
    status: str
    type: str
    message: str

    @property
    def answer(self) -> bytes:
        body = f'{{"message":"{self.message}"}}'
        head = f"HTTP/1.1 {self.status}\r\ncontent-type: application/json\r\nx-amzn-ErrorType: {self.type}\r\n"
        return f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode()


_TOO_SLOW: Final = _Refusal("408 Request Timeout", "RequestTimeoutException", "The request did not come in time")
_ADDRESS: Final = _Refusal("414 URI Too Long", "UriTooLongException", "The address is too long")
_HEAD: Final = _Refusal("431 Request Header Fields Too Large", "HeadersTooLargeException", "The headers are too large")

_VERSION: Final = _Refusal("505 HTTP Version Not Supported", "HttpVersionNotSupportedException", "HTTP/1.1 is needed")


def front(head: HeadLimits) -> type[HttpToolsProtocol]:
    """The protocol class for uvicorn's `http=`."""
    return type("ConfiguredFront", (FrontProtocol,), {"limits": head})


class FrontProtocol(HttpToolsProtocol):
    """Answers 408, 414 or 431, and hangs up."""

    limits: ClassVar[HeadLimits] = HeadLimits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._header_bytes = self._pending_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Somebody is at the door."""
        super().connection_made(transport)
        self._head_begins()

    def data_received(self, data: bytes) -> None:
        """A part of a request, as a rule the whole head."""
        if self._refused:
            return
        began_within = self._deadline is not None
        super().data_received(data)
        # A line that does not end is shown to nobody yet. What came with the body before it does not count.
        if began_within and self._deadline is not None:
            self._pending_bytes += len(data)
            if self._pending_bytes > self.limits.head_bytes:
                self._refuse(_HEAD, "head_bytes")

    def on_message_begin(self) -> None:
        """A request begins: the first of a connection, or the next one."""
        self._head_begins()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        super().on_url(url)
        if len(self.url) > self.limits.address_bytes:
            self._refuse(_ADDRESS, "address_bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        super().on_header(name, value)
        line_bytes = len(name) + len(value)
        self._header_bytes += line_bytes
        too_long = line_bytes > _LINE_BYTES or len(self.url) + self._header_bytes > self.limits.head_bytes
        if too_long or len(self.headers) > _HEADER_LINES:
            self._refuse(_HEAD, "head_bytes")

    def on_headers_complete(self) -> None:
        """The head is whole: from here on uvicorn's own limits, and the application's, hold."""
        self._head_ends()
        if not self._refused:
            super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the socket to the WebSocket protocol."""
        # uvicorn would hand a handshake of HTTP/1.0 on as one of 1.1 (RFC 6455, section 4.1).
        if self.parser.get_http_version() != "1.1":
            self._refuse(_VERSION, "version")
        if not self._refused:
            super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """What came is no request."""
        if not self._refused:
            super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        """They have gone."""
        self._head_ends()
        super().connection_lost(exc)

    def _get_upgrade(self) -> bytes | None:
        # uvicorn reads the last `Connection` line alone; a proxy may write several.
        asked = {part.strip().lower() for part in self._values(b"connection")}
        upgrades = self._values(b"upgrade")
        return upgrades[-1].strip().lower() if b"upgrade" in asked and upgrades else None

    def _values(self, name: bytes) -> list[bytes]:
        return [part for key, value in self.headers if key == name for part in value.split(b",")]

    def _head_begins(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.limits.head_s, self._refuse, _TOO_SLOW, "head_s")

    def _head_ends(self) -> None:
        self._header_bytes = self._pending_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, refusal: _Refusal, limit: str) -> None:
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        REFUSED.labels(limit).inc()
        self._head_ends()
        self.transport.write(refusal.answer)
        self.transport.close()
