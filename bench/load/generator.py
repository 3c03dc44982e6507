"""The load generator, run and spoken to: one for each system under test, for as long as that runs."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load.outcome import Connected, GeneratorFailed, Outcome, connected, outcome
from bench.load.prepared import keep

SETTLE_S = 0.2
_GRACE_S = 15.0


@dataclass(frozen=True, slots=True)
class Talk:
    """How a client begins with a system."""

    greeting: bytes = b""
    """Sent when the handshake is done."""
    ready: bytes = b""
    """A frame that holds this tells that the connection gets deliveries from now on; empty: the handshake does."""
    answers: tuple[tuple[bytes, bytes], ...] = ()
    """How a frame begins, and what is sent upon it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Publications of one run."""

    run: int
    requests: tuple[bytes, ...]
    bundle: int = 1
    """How many publications each request holds."""
    groups: int = 1
    """Publication n and connection n belong to group n modulo this."""


class Generator:
    """A running generator. Every call raises GeneratorFailed if it ends."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process, self._folder = process, folder

    @property
    def pid(self) -> int:
        return self._process.pid

    async def begin(self, port: int, handshakes: Iterable[bytes], talk: Talk) -> None:
        """Tell it the server; `handshakes` are used in turn."""
        heads = keep(self._folder / "handshakes", handshakes)
        await self._ask(f"server {port} {heads} {_hex(talk.greeting)} {_hex(talk.ready)}")
        for start, reply in talk.answers:
            await self._ask(f"answer {_hex(start)} {_hex(reply)}")

    async def connect(self, count: int, *, at_once: int = 20, within_s: int = 120) -> Connected:
        """So many connections more."""
        return connected(await self._ask(f"connect {count} {at_once} {within_s}", within_s))

    async def pipes(self, count: int, http_port: int = 0) -> None:
        """Publish through so many of the connections, or through so many HTTP connections."""
        await self._ask(f"pipes {count} {http_port}")

    async def closed(self, batch: Batch, window: int, within_s: float) -> Outcome:
        """So many requests outstanding at any time; one is done when all its deliveries have come."""
        return outcome(await self._ask(f"closed {self._given(batch)} {window} {within_s}", within_s))

    async def open(self, batch: Batch, per_second: float, within_s: float) -> Outcome:
        """So many requests a second, whatever comes of them; `within_s` after the last one was due it gives up."""
        lasts_s = within_s + len(batch.requests) / per_second
        return outcome(await self._ask(f"open {self._given(batch)} {per_second} {within_s}", lasts_s))

    async def settled(self, seconds: float = SETTLE_S) -> Outcome:
        """The last run as it stands a moment later: what came twice has come by then."""
        return outcome(await self._ask(f"settle {seconds}", seconds))

    async def drop(self) -> None:
        """Reset all connections."""
        await self._ask("drop")

    def _given(self, batch: Batch) -> str:
        path = keep(self._folder / "publications", batch.requests)
        return f"{batch.run} {path} {batch.bundle} {batch.groups}"

    async def _ask(self, command: str, within_s: float = 0.0) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(command.encode() + b"\n")
        async with asyncio.timeout(within_s + _GRACE_S):
            line = await stdout.readline()
        if not line:
            raise GeneratorFailed(f"the load generator ended upon `{command.split(maxsplit=1)[0]}`")
        return line


@asynccontextmanager
async def running(program: Path, folder: Path) -> AsyncIterator[Generator]:
    """A generator; at the end its connections are reset."""
    process = await asyncio.create_subprocess_exec(
        str(program), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    made = Generator(process, folder)
    try:
        yield made
        await made.drop()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _hex(content: bytes) -> str:
    return content.hex() or "-"
