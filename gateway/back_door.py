"""uvicorn's HTTP protocol for the connection API: an answer leaves in one write, after the frames it speaks of.

uvicorn writes an answer's head and body one by one: two system calls, each of which may wake the caller. Here both wait
for the end of the loop's turn, as frames do (outbox.py); the frames were put down to be written first.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BackDoor(HttpToolsProtocol):
    """The protocol class for uvicorn's `http=`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Somebody calls."""
        super().connection_made(_Gathering(transport, self.loop))  # type: ignore[arg-type] # all that uvicorn uses


class _Gathering:
    """A transport that writes once a turn of the loop what was written in it."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write `data` at the end of this turn."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        """Write what waits, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))
