"""Gates before the broker and before the table: they let everything through until a fault has another mind.

A gate is shut in one of two ways: `refuse` breaks connections and takes no new ones, `swallow` takes everything and
answers nothing, as a network that drops packets.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Literal

Shut = Literal["refuse", "swallow"]
_CHUNK = 256 * 1024
Writers = set[asyncio.StreamWriter]


class Gate:
    """A listener on loopback in front of one address, for one process alone."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._shut: Shut | None = None
        self._server: asyncio.Server | None = None
        self._writers: Writers = set()
        self._through = asyncio.Event()
        self._through.set()

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, limit=8 * 1024 * 1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Break everything."""
        if self._server is not None:
            self._server.close()
        self._through.set()
        self._break()

    def shut(self, how: Shut) -> None:
        """From now on nothing comes through."""
        self._shut = how
        self._through.clear()
        if how == "refuse":
            self._break()

    def let_through(self) -> None:
        """As before. What was swallowed stays lost: those connections are broken."""
        was, self._shut = self._shut, None
        self._through.set()
        if was == "swallow":
            self._break()

    @property
    def is_shut(self) -> Shut | None:
        """How, if it is."""
        return self._shut

    def _break(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._shut != "refuse":
                with contextlib.suppress(OSError, EOFError, ValueError):
                    await self.serve(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both directions, byte by byte, until one side is done."""
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers.add(back)
        try:
            pumps = [asyncio.create_task(work) for work in (self._pump(reader, back), self._pump(there, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._writers.discard(back)
            back.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self._shut is None:
                writer.write(data)
                await writer.drain()


Forward = Callable[[], Awaitable[bytes]]
Mind = Callable[[str, Forward], Awaitable[bytes | None]]
"""What becomes of a request of that operation: the answer's bytes, or None for a connection that breaks."""


async def plainly(_operation: str, forward: Forward) -> bytes | None:
    """As if there were no gate."""
    return await forward()


class TableGate(Gate):
    """A gate that reads the requests to DynamoDB one by one, so that a fault can choose among them."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.mind: Mind = plainly
        self.waiting = 0
        """Requests that were swallowed and whose connection is not broken yet."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request after the other, as HTTP/1.1 clients send them."""
        there, back = await asyncio.open_connection("127.0.0.1", self.target, limit=8 * 1024 * 1024)
        self._writers.add(back)
        try:
            while True:
                head, body = await _message(reader)

                async def forward(request: bytes = head + body) -> bytes:
                    back.write(request)
                    return b"".join(await _message(there))

                answer = None if self._shut == "refuse" else await self._answered(_operation(head), forward)
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
        finally:
            self._writers.discard(back)
            back.transport.abort()

    async def _answered(self, operation: str, forward: Forward) -> bytes | None:
        if self._shut == "swallow":
            self.waiting += 1
            try:
                # A broken connection alone would not wake it.
                await self._through.wait()
            finally:
                self.waiting -= 1
            return None
        return await self.mind(operation, forward)


def header(head: bytes, name: bytes) -> bytes | None:
    """The value of a header; `name` in lower case with its colon."""
    for line in head.split(b"\r\n"):
        if line.lower().startswith(name):
            return line[len(name) :].strip()
    return None


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of a request or an answer. Raises EOFError, ValueError."""
    head = await reader.readuntil(b"\r\n\r\n")
    if (header(head, b"transfer-encoding:") or b"").lower() == b"chunked":
        return head, await _chunks(reader)
    return head, await reader.readexactly(int(header(head, b"content-length:") or 0))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        parts += [line, await reader.readexactly(size + 2)]
        if size == 0:
            return b"".join(parts)


def _operation(head: bytes) -> str:
    return (header(head, b"x-amz-target:") or b"").rpartition(b".")[2].decode("ascii", "replace")
