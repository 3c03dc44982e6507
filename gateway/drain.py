"""The end of a gateway, in good order (spec 7): nothing accepted is lost, nobody is surprised twice.

    readiness red ─▶ no new connections ─▶ batch by batch: take no more frames, await Kafka for those taken, close 1012
                  ─▶ every `disconnected` acknowledged ─▶ (leases.py) stopped

Batches are spread over time, so that the clients' return is too. A second signal hurries: no more pauses.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.logs import get_logger
from chassis.process import Stop
from chassis.tasks import happens_within
from contracts.close_codes import RESTART
from gateway.connection import Connection
from gateway.departures import Departures
from gateway.endings import Endings
from gateway.in_flight import InFlight
from gateway.marks import ReadMarks
from gateway.registry import Registry

_log = get_logger(__name__)
BATCH = 200
_MOST_BATCHES = 30
_HURRIED_S = 1.0
_LAST_PART = 0.3
"""Of the time, kept for what Kafka has not acknowledged."""


@dataclass(frozen=True, kw_only=True)
class Drain:
    """Ends all connections."""

    registry: Registry
    endings: Endings
    marks: ReadMarks
    in_flight: InFlight
    departures: Departures
    drain_s: float
    acknowledgement_s: float

    async def run(self, stop: Stop) -> bool:
        """Whether all is in the log, after `drain_s` and a few seconds at most."""
        _log.info("draining", connections=len(self.registry))
        self.marks.publish_all()
        batches = _batches(list(self.registry))
        pause_s = self.drain_s * (1 - _LAST_PART) / max(len(batches), 1)
        for number, batch in enumerate(batches, start=1):
            took_s = await self._close(batch, stop)
            if number < len(batches):
                await _pause(stop, pause_s - took_s)
        # A handshake that was under way when the door closed.
        await self._close(list(self.registry), stop)
        limit_s = _HURRIED_S if stop.hurry.is_set() else max(self.drain_s * _LAST_PART, _HURRIED_S)
        published = await self.in_flight.wait_left(None, limit_s)
        departed = await self.departures.wait_acknowledged(limit_s)
        if not (published and departed):
            _log.error("not all is in the log", requests=self.in_flight.count, departures=len(self.departures))
        return published and departed

    async def _close(self, batch: Sequence[Connection], stop: Stop) -> float:
        began = asyncio.get_running_loop().time()
        for connection in batch:
            connection.closing_soon = True
        limit_s = _HURRIED_S if stop.hurry.is_set() else min(self.acknowledgement_s, self.drain_s / 2)
        await self.in_flight.wait_left(batch, limit_s)
        for connection in batch:
            self.endings.close(connection, RESTART)
        return asyncio.get_running_loop().time() - began


def _batches(connections: Sequence[Connection]) -> list[Sequence[Connection]]:
    size = max(BATCH, math.ceil(len(connections) / _MOST_BATCHES))
    return [connections[start : start + size] for start in range(0, len(connections), size)]


async def _pause(stop: Stop, seconds: float) -> None:
    await happens_within(stop.hurry, max(seconds, 0.0))
