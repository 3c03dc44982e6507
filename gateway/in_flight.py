"""How many requests wait for Kafka, and how many may (spec 3: memory stays bounded by count and bytes)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway import metrics
from gateway.connection import Connection


@dataclass(frozen=True, slots=True)
class InFlightLimits:
    """For one connection, and for all together."""

    count: int
    size: int
    count_total: int
    size_total: int


class InFlight:
    """Counts from admission to Kafka's answer, whenever that comes."""

    def __init__(self, limits: InFlightLimits) -> None:
        self._limits = limits
        self.count = 0
        self._size = 0
        self._left = asyncio.Event()

    def connection_is_full(self, connection: Connection, size: int) -> bool:
        """Whether this connection must wait for its own."""
        limits = self._limits
        return connection.in_flight >= limits.count or connection.in_flight_bytes + size > limits.size

    def is_full(self, size: int) -> bool:
        """Whether Kafka must catch up first."""
        return self.count >= self._limits.count_total or self._size + size > self._limits.size_total

    def enter(self, connection: Connection, size: int) -> None:
        """One more waits."""
        connection.in_flight += 1
        connection.in_flight_bytes += size
        self.count += 1
        self._size += size
        metrics.IN_FLIGHT.set(self.count)

    def leave(self, connection: Connection, size: int) -> None:
        """Kafka has answered."""
        connection.in_flight -= 1
        connection.in_flight_bytes -= size
        self.count -= 1
        self._size -= size
        metrics.IN_FLIGHT.set(self.count)
        self._left.set()

    async def wait_left(self, connections: Sequence[Connection] | None, limit_s: float) -> bool:
        """Whether nothing of `connections` (None: of any) waits any more, after `limit_s` at most."""
        try:
            async with asyncio.timeout(limit_s):
                while self.count and (connections is None or any(connection.in_flight for connection in connections)):
                    self._left.clear()
                    await self._left.wait()
        except TimeoutError:
            return False
        return True
