"""Reads chat.gateways and chat.controls; where this worker holds partition 0, tells the log the time and who lapsed."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from chassis.backoff import is_retryable
from chassis.dead_letters import dead_letter
from chassis.health import Health
from chassis.logs import get_logger
from chassis.publisher import Overloaded, Publisher
from chassis.records import Record, outgoing
from chassis.tail import Tail
from contracts.controls import EpochLapsed
from contracts.gateways import TICK_KEY, Tick
from contracts.ids import new_event_id
from contracts.timestamps import iso
from contracts.topics import BY_NAME, CONTROLS, GATEWAYS
from services.presence import metrics
from services.presence.leases import Ended, Leases
from services.presence.settings import PresenceSettings

_log = get_logger(__name__)


class LeaseKeeper:
    """The worker's view of leases, and the ticks of the one that holds partition 0."""

    def __init__(
        self, settings: PresenceSettings, publisher: Publisher, health: Health, holds_first: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._holds_first = holds_first
        self._leases = Leases(settings.ticks_to_lapse)
        self._worker_id = settings.instance_id or "presence"
        self._tail = Tail(
            name="leases",
            settings=settings,
            topics=[GATEWAYS.name, CONTROLS.name],
            on_record=self._read,
            on_bad=self._put_aside,
            health=health,
        )

    async def ended(self, gateway_id: str, epoch: str) -> Ended | None:
        """Why an epoch is over, or None. Of one never heard of, reads on first: its lease came before its connections.

        Raises TimeoutError (retryable) when the end of the topics cannot be reached.
        """
        if not self._leases.knows((gateway_id, epoch)):
            await self._tail.catch_up()
        return self._leases.ended((gateway_id, epoch))

    async def wait_ready(self) -> None:
        """Return when all that was there at the start has been read."""
        await self._tail.wait_ready()

    async def read(self) -> None:
        """Follow the topics until cancelled."""
        await self._tail.run()

    async def tick(self) -> None:
        """Tick until cancelled, never two in flight; what cannot be told now is told with the next tick."""
        await self._tail.wait_ready()
        while True:
            began = time.monotonic()
            if self._holds_first():
                await self._tell()
            await asyncio.sleep(max(0.0, self._settings.tick_interval_s - (time.monotonic() - began)))

    async def _tell(self) -> None:
        lapsed = [
            outgoing(CONTROLS, gateway_id, EpochLapsed(**_envelope(), gateway_id=gateway_id, epoch=epoch))
            for gateway_id, epoch in self._leases.due()
        ]
        tick = outgoing(GATEWAYS, TICK_KEY, Tick(**_envelope(), worker_id=self._worker_id))
        try:
            await self._publisher.publish([*lapsed, tick])
        except Exception as error:
            if not is_retryable(error):
                raise
            _log.warning("the tick has to wait", error=str(error))
            return
        metrics.LAPSED.inc(len(lapsed))
        metrics.LEASE_AGE.set(self._leases.age())

    def _read(self, record: Record) -> None:
        self._leases.apply(BY_NAME[record.topic].decode(record.value))

    def _put_aside(self, record: Record, error: Exception) -> None:
        """Every process reads these topics; one of them puts aside what cannot be read."""
        if not self._holds_first():
            return
        try:
            self._publisher.enqueue(dead_letter(record, error))
        except Overloaded:
            _log.warning("a dead letter was not written", topic=record.topic, offset=record.offset)


def _envelope() -> dict[str, Any]:
    return {"event_id": new_event_id(), "occurred_at": iso(int(time.time() * 1000))}
