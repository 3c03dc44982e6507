"""The floor of Python: on uvloop, each frame that comes in is encoded once and written once to each connection.

No token, no room, no queue, no ping: nothing of what a server must do besides. `python uvloop_floor.py PORT`.
"""

import asyncio
import base64
import hashlib
import struct
import sys
from typing import cast

import uvloop

everybody: dict["Client", asyncio.Transport] = {}


class Client(asyncio.Protocol):
    def __init__(self) -> None:
        self._kept, self._open = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        everybody.pop(self, None)

    def data_received(self, data: bytes) -> None:
        self._kept += data
        while used := self._frame() if self._open else self._handshake():
            self._kept = self._kept[used:]

    def _handshake(self) -> int:
        head, end, _ = self._kept.partition(b"\r\n\r\n")
        if not end:
            return 0
        lines = (line.partition(b":") for line in head.split(b"\r\n"))
        key = next(value.strip() for name, _, value in lines if name.lower() == b"sec-websocket-key")
        accepted = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accepted + b"\r\n\r\n"
        )
        everybody[self], self._open = self._transport, True
        return len(head) + 4

    def _frame(self) -> int:
        """Bytes used of one frame, masked with zeros as the load generator does; 0: it has not come whole."""
        if len(self._kept) < 6:
            return 0
        size, head = self._kept[1] & 127, 6
        if size == 126:
            size, head = int.from_bytes(self._kept[2:4]), 8
        if len(self._kept) < head + size:
            return 0
        if self._kept[0] & 15 < 8:
            _broadcast(self._kept[head : head + size])
        return head + size


def _broadcast(text: bytes) -> None:
    size = len(text)
    head = struct.pack("!BB", 0x81, size) if size < 126 else struct.pack("!BBH", 0x81, 126, size)
    frame = head + text
    for transport in everybody.values():
        transport.write(frame)


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Client, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
