"""A system as the measurement sees it: connections that grow, publications to all of them, processes that cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bench.load.generator import Batch, Generator
from bench.load.outcome import Connected


@dataclass(frozen=True, slots=True)
class Saturation:
    """A way to have more outstanding than a system can do at once."""

    window: int
    bundle: int = 1


class Target(Protocol):
    """One running system, and the load generator that is connected to it."""

    @property
    def name(self) -> str:
        """The system's."""

    @property
    def generator(self) -> Generator:
        """The load generator."""

    @property
    def pids(self) -> Mapping[str, int]:
        """The processes whose CPU and memory are the system's."""

    @property
    def beside(self) -> Mapping[str, int]:
        """Processes that are told of apart."""

    @property
    def most_recipients(self) -> int:
        """To how many connections it is to publish at most."""

    @property
    def at_once(self) -> int:
        """Handshakes side by side."""

    @property
    def rates(self) -> tuple[float, ...]:
        """Publications a second to measure at, where the plan's are not for it."""

    @property
    def saturations(self) -> tuple[Saturation, ...]:
        """The ways to saturate it."""

    @property
    def http_port(self) -> int:
        """Where publications go as HTTP requests; 0: through WebSocket connections."""

    async def grow(self, to: int) -> Connected:
        """So many connections in all, each of which gets every publication from then on."""

    async def drop(self) -> None:
        """Reset all connections."""

    def batch(self, run: int, requests: int, *, pipes: int, bundle: int) -> Batch:
        """Publications to all connections, for so many pipes in turn."""
