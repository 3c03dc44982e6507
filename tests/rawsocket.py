"""A WebSocket client that may break every rule: frames byte by byte, and what comes back as it came."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x37\xfa\x21\x3d"


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    declared: int | None = None,
    width: int | None = None,
) -> bytes:
    """One frame of a client. `declared`: another length than the payload's; `width`: 7, 16 or 64 bits for it."""
    size = len(payload) if declared is None else declared
    if width is None:
        width = 7 if size < 126 else 16 if size < 65_536 else 64
    marker = {7: size, 16: 126, 64: 127}[width]
    head = struct.pack("!BB", fin << 7 | rsv << 4 | opcode, masked << 7 | marker)
    head += {7: b"", 16: struct.pack("!H", size & 0xFFFF), 64: struct.pack("!Q", size)}[width]
    return head + MASK + _masked(payload) if masked else head + payload


def _masked(payload: bytes) -> bytes:
    mask = MASK * (len(payload) // 4 + 1)
    return (int.from_bytes(payload) ^ int.from_bytes(mask[: len(payload)])).to_bytes(len(payload)) if payload else b""


def fragments(opcode: int, *parts: bytes) -> bytes:
    """One message in as many frames as parts."""
    last = len(parts) - 1
    return b"".join(frame(opcode if n == 0 else CONT, part, fin=n == last) for n, part in enumerate(parts))


def closing(code: int | None = None, reason: bytes = b"") -> bytes:
    """A close frame."""
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


def ping_of(size: int, name: str = "sized") -> bytes:
    """A client's `ping` request of exactly so many bytes."""
    bare = json.dumps({"action": "ping", "id": name, "pad": ""})
    return json.dumps({"action": "ping", "id": name, "pad": "x" * (size - len(bare))}).encode()


@dataclass(frozen=True)
class Received:
    """One frame of the server."""

    opcode: int
    payload: bytes
    head: bytes = field(repr=False, default=b"")

    @property
    def code(self) -> int | None:
        """Of a close frame."""
        return int.from_bytes(self.payload[:2]) if len(self.payload) >= 2 else None


@dataclass
class Answer:
    """How a handshake was answered."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


class RawClient:
    """One TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.transport.abort()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def ask(self, head: bytes) -> Answer:
        """Send a request; its answer, or status 0: they hung up without one."""
        await self.send(head)
        try:
            received = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)
        except (asyncio.IncompleteReadError, ConnectionError):
            return Answer(0, {})
        lines = received.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = b""
        if "content-length" in headers:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                body = await asyncio.wait_for(self.reader.readexactly(int(headers["content-length"])), 10)
        return Answer(int(lines[0].split(" ")[1]), headers, body)

    async def open(self, target: str, *, headers: Headers | None = None) -> Answer:
        return await self.ask(handshake(target, headers))

    async def receive(self) -> Received | None:
        """The next frame; None: the end of the stream."""
        try:
            head = await self.reader.readexactly(2)
            size = head[1] & 0x7F
            if size >= 126:
                head += await self.reader.readexactly(2 if size == 126 else 8)
                size = int.from_bytes(head[2:])
            return Received(head[0] & 0x0F, await self.reader.readexactly(size), head)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None


Headers = Mapping[str, str | None]


def handshake(target: str, headers: Headers | None = None, *, method: str = "GET", version: str = "1.1") -> bytes:
    """The head of a handshake; a header whose value is None is left out."""
    lines: dict[str, Any] = {
        "Host": "gateway.example",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        **(headers or {}),
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"{method} {target} HTTP/{version}\r\n{text}\r\n".encode("latin-1")
