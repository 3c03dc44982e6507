"""Which port each process of a local cluster gets: one block, from which every address follows.

The block depends on the folder alone, so that addresses stay from one run to the next and two clones do not meet;
where something else stands in it, the next free block is taken. DynamoDB Local gets a random port outside the block,
because it listens on every interface.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.local import ports
from deploy.local.faults import LocalClusterError

_SHARED = ("api", "issuer", "kafka", "controller", "persistence", "api-health", "presence", "fanout", "issuer-health")
_FIRST_GATEWAY = 10
_PER_GATEWAY = 3
_BLOCK = 100
MOST_GATEWAYS = (_BLOCK - _FIRST_GATEWAY) // _PER_GATEWAY


@dataclass(frozen=True)
class Addresses:
    """Every port of a cluster, by name."""

    base: int
    gateways: int
    dynamodb: int

    def port(self, name: str) -> int:
        """The port of one of: api, issuer, kafka, controller, and the health ports persistence, presence, fanout, …"""
        return self.base + _SHARED.index(name)

    def gateway(self, number: int) -> tuple[int, int, int]:
        """The ports of gateway ``number`` (from 1): WebSocket, connection API, health."""
        first = self.base + _FIRST_GATEWAY + _PER_GATEWAY * (number - 1)
        return first, first + 1, first + 2

    def block(self) -> range:
        """All ports of the block that are in use."""
        return range(self.base, self.base + _FIRST_GATEWAY + _PER_GATEWAY * self.gateways)


def choose(
    folder: Path,
    asked: int | None,
    gateways: int,
    last_dynamodb: int | None,
    is_free: Callable[[int], bool] = ports.is_free,
) -> Addresses:
    """The addresses for a start. ``asked`` is ``--port-base``; without it the folder's own block or the next free one.

    Raises LocalClusterError ``PORT_TAKEN``, which names the ports, if a port of an asked block is taken.
    """
    base = _asked(asked, gateways, is_free) if asked is not None else _first_free(folder, gateways, is_free)
    block = frozenset(range(base, base + _BLOCK))
    kept = last_dynamodb if last_dynamodb and last_dynamodb not in block and is_free(last_dynamodb) else None
    return Addresses(base, gateways, kept or ports.free_port(block))


def home_base(folder: Path) -> int:
    """The first port of the block that belongs to a folder."""
    blocks = (ports.HIGHEST - ports.LOWEST) // _BLOCK
    return ports.LOWEST + _BLOCK * (
        int.from_bytes(hashlib.sha256(str(folder.absolute()).encode()).digest()[:4]) % blocks
    )


def _asked(asked: int, gateways: int, is_free: Callable[[int], bool]) -> int:
    if taken := [port for port in Addresses(asked, gateways, 0).block() if not is_free(port)]:
        names = ", ".join(map(str, taken))
        raise LocalClusterError(
            "PORT_TAKEN",
            f"Taken by another program: port {names}. Stop it, name another block with --port-base, or leave it out.",
        )
    return asked


def _first_free(folder: Path, gateways: int, is_free: Callable[[int], bool]) -> int:
    for base in _from(home_base(folder)):
        if all(is_free(port) for port in Addresses(base, gateways, 0).block()):
            return base
    raise LocalClusterError(
        "PORT_TAKEN", f"No free block of ports between {ports.LOWEST} and {ports.HIGHEST}: name one with --port-base."
    )


def _from(first: int) -> Iterable[int]:
    span = range(ports.LOWEST, ports.HIGHEST, _BLOCK)
    start = span.index(first)
    return [*span[start:], *span[:start]]
