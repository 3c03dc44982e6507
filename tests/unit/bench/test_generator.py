"""The load generator's own counting, against a server that delivers what a test tells it to."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench.load.generator import Batch, Generator, Talk, running
from bench.load.outcome import Outcome
from bench.load.prepared import frame, handshake, payload
from bench.peers import made

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("gcc") is None, reason="the load generator needs Linux and a C compiler"
)

Deliver = Callable[[list[bytes]], list[bytes]]
"""What goes to every connection, of the payloads that have come so far."""


@asynccontextmanager
async def delivering(deliver: Deliver, expected: int) -> AsyncIterator[int]:
    """A server that waits for so many publications, and then delivers what it is told to; its port."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        writers.append(writer)
        came: list[bytes] = []
        while len(came) < expected:
            await reader.readexactly(8)
            came.append(await reader.readexactly(200))
        for each in writers:
            each.write(b"".join(b"\x81\x7e\x00\xc8" + content for content in deliver(came)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def ran(deliver: Deliver, folder: Path, publications: int = 3, connections: int = 2) -> Outcome:
    requests = tuple(frame(payload(1, number)) for number in range(publications))
    async with delivering(deliver, publications) as port, running(made.generator(), folder) as generator:
        await connected(generator, port, connections)
        await generator.closed(Batch(1, requests), window=publications, within_s=0.5)
        return await generator.settled(0.05)


async def connected(generator: Generator, port: int, connections: int) -> None:
    await generator.begin(port, [handshake("/", 0)], Talk())
    assert (await generator.connect(connections)).ready == connections
    await generator.pipes(1)


async def test_what_comes_once_and_in_order_is_perfect(tmp_path: Path) -> None:
    outcome = await ran(lambda came: came, tmp_path)
    assert (outcome.expected, outcome.delivered, outcome.is_perfect) == (6, 6, True)


async def test_what_does_not_come_is_missing(tmp_path: Path) -> None:
    assert (await ran(lambda came: came[:-1], tmp_path)).missing == 2


async def test_what_comes_twice_is_doubled(tmp_path: Path) -> None:
    outcome = await ran(lambda came: [*came, came[0]], tmp_path)
    assert (outcome.doubled, outcome.missing, outcome.is_whole) == (2, 0, False)


async def test_what_overtakes_is_out_of_order(tmp_path: Path) -> None:
    outcome = await ran(lambda came: [came[1], came[0], came[2]], tmp_path)
    assert (outcome.out_of_order, outcome.is_whole, outcome.is_perfect) == (2, True, False)


async def test_what_is_of_another_run_is_not_owed(tmp_path: Path) -> None:
    outcome = await ran(lambda came: [*came, payload(2, 0).encode()], tmp_path)
    assert (outcome.stray, outcome.missing) == (2, 0)


async def test_an_open_loop_counts_from_when_each_was_to_be_sent(tmp_path: Path) -> None:
    """Nothing is delivered before the last has come: the first has waited for as long as all take to be sent."""
    requests = tuple(frame(payload(1, number)) for number in range(11))
    async with delivering(lambda came: came, 11) as port, running(made.generator(), tmp_path) as generator:
        await connected(generator, port, 1)
        outcome = await generator.open(Batch(1, requests), per_second=100, within_s=5)
    assert outcome.missing == 0
    assert outcome.max_us >= 100_000
    assert 45_000 <= outcome.p50_us <= outcome.max_us - 45_000
