"""A TCP balancer for tests: connections go to the back ends in turn; and one that can fail in ways a network does."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager


class Balancer:
    """Listens on `port` of the loopback; `cut_answers`: what comes back from behind is lost, and so is the connection.

    `vanish()`: both sides keep their connections, and no byte passes any more, as when a laptop is closed.
    """

    def __init__(self, back_ends: list[int]) -> None:
        self._turn = itertools.cycle(back_ends)
        self._pumps: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._passing = asyncio.Event()
        self._passing.set()
        self._server: asyncio.Server | None = None
        self.cut_answers = False
        self.port = 0

    def vanish(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self._passing.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", next(self._turn))
        except OSError:
            writer.transport.abort()
            return
        self._writers += [writer, back_writer]
        self._start(self._pump(reader, back_writer, lambda: False))
        self._start(self._pump(back_reader, writer, lambda: self.cut_answers))

    def _start(self, pump: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(pump)
        self._pumps.add(task)
        task.add_done_callback(self._pumps.discard)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_cut: Callable[[], bool]
    ) -> None:
        try:
            while data := await reader.read(65_536):
                await self._passing.wait()
                if is_cut():
                    break
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def balancer(*back_ends: int) -> AsyncIterator[Balancer]:
    """A running one in front of these ports."""
    made = Balancer(list(back_ends))
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
