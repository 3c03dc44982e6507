"""Every system that can run here: Kaiwa's gateway and the peers of the catalogue, each started fresh when asked."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.comparison import gateway, peer
from bench.comparison.target import Target
from bench.peers import made
from bench.peers.catalogue import PEERS, Peer

_GATEWAY_IDLE = (2_000, 10_000)


@dataclass(frozen=True, slots=True)
class System:
    """One of them."""

    name: str
    start: Callable[[int], AbstractAsyncContextManager[Target]]
    """For at most so many connections."""
    idle: tuple[int, ...]


async def prepared(note: Callable[[str], None]) -> tuple[list[System], Mapping[str, str]]:
    """All that can be set up here, and why the others cannot. Raises made.Absent where nothing can be measured."""
    await asyncio.to_thread(made.generator)
    found, absent = [_own()], {}
    for each in PEERS:
        note(f"Setting up {each.name} where it is not yet")
        try:
            await asyncio.to_thread(_set_up, each)
        except made.Absent as reason:
            absent[each.name] = str(reason)
        else:
            found.append(_of(each))
    return found, absent


def _set_up(each: Peer) -> None:
    with tempfile.TemporaryDirectory(prefix="kaiwa-bench-") as folder:
        each.programs(Path(folder))


def _own() -> System:
    return System(gateway.NAME, gateway.started, _GATEWAY_IDLE)


def _of(each: Peer) -> System:
    def start(most: int) -> AbstractAsyncContextManager[Target]:
        return peer.started(each, most)

    return System(each.name, start, each.idle)
