"""The floor under every delivery in Python: `python -m bench.gateway.floor PORT`.

A uvloop server that does nothing but write: one prepared frame, one `transport.write` for each recipient. Whoever says
a number is no recipient, but has so many copies of the frame joined and written to every recipient, once each.
"""

import asyncio
import sys
from typing import cast

import uvloop

from gateway.outbox import text_frame

PAYLOAD = b"x" * 200
FRAME = text_frame(PAYLOAD)
GREETING = b"GET\r\n"
_recipients: list[asyncio.Transport] = []


class _Peer(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if data == GREETING:
            _recipients.append(self._transport)
            self._transport.write(b"HTTP/1.1 101 \r\n\r\n")
            return
        copies, recipients = map(int, data.split())
        frames = FRAME * copies
        for transport in _recipients[:recipients]:
            transport.write(frames)
        self._transport.write(b"done\n")


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Peer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
