"""A peer, running: the programs of the catalogue, and a client of its dialect."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bench.comparison.target import Saturation
from bench.load.generator import Batch, Generator, running
from bench.load.outcome import Connected
from bench.peers import made
from bench.peers.catalogue import Peer
from bench.peers.dialects import Dialect
from bench.peers.serving import serving


class RunningPeer:
    """See Target."""

    def __init__(self, peer: Peer, dialect: Dialect, generator: Generator, pids: Mapping[str, int], port: int) -> None:
        self.name, self.most_recipients = peer.name, peer.most_recipients
        self.generator, self.pids = generator, pids
        self.beside: Mapping[str, int] = {}
        self.saturations = (Saturation(dialect.http_pipes or peer.window),)
        self.http_port = port if dialect.http_pipes else 0
        self.at_once, self.rates, self._dialect = peer.at_once, peer.rates, dialect
        self._connections = 0

    async def grow(self, to: int) -> Connected:
        more, self._connections = to - self._connections, to
        return await self.generator.connect(more, at_once=self.at_once)

    def batch(self, run: int, requests: int, *, pipes: int, bundle: int) -> Batch:  # noqa: ARG002
        return Batch(run, tuple(self._dialect.publication(run, number) for number in range(requests)))

    async def drop(self) -> None:
        """Reset all connections."""
        await self.generator.drop()
        self._connections = 0


@asynccontextmanager
async def started(peer: Peer, most_connections: int) -> AsyncIterator[RunningPeer]:
    """A fresh one. Raises made.Absent, or serving.NotServing."""
    program = made.generator()
    with tempfile.TemporaryDirectory(prefix="kaiwa-bench-") as name:
        folder, dialect = Path(name), peer.dialect()
        programs = peer.programs(folder)
        async with serving(programs) as pids, running(program, folder) as generator:
            port = programs[-1].port
            await generator.begin(port, dialect.handshakes(most_connections), dialect.talk)
            yield RunningPeer(peer, dialect, generator, pids, port)
