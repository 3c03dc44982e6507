"""Reads chat.gateways and chat.controls; where this worker holds partition 0, tells the log the time and who lapsed."""

import asyncio
import time
import uuid
from collections.abc import Callable

from chassis.backoff import is_retryable
from chassis.health import Health
from chassis.logs import get_logger
from chassis.publisher import Publisher
from chassis.records import Outgoing, Record, outgoing
from chassis.tail import Tail
from contracts.controls import EpochLapsed
from contracts.gateways import TICK_KEY, Tick
from contracts.ids import derived_event_id, new_event_id
from contracts.topics import BY_NAME, CONTROLS, GATEWAYS
from services.presence import metrics
from services.presence.aside import Aside
from services.presence.leases import Cause, EpochKey, Leases
from services.presence.parts import wall_clock
from services.presence.settings import PresenceSettings

_log = get_logger(__name__)


class LeaseKeeper:
    """The worker's view of leases, and the ticks of the one that holds partition 0."""

    def __init__(
        self,
        settings: PresenceSettings,
        publisher: Publisher,
        health: Health,
        *,
        keeps_time: Callable[[], bool],
    ) -> None:
        """`keeps_time`: whether we hold partition 0 now."""
        self._settings = settings
        self._publisher = publisher
        self._keeps_time = keeps_time
        self._listeners: list[Callable[[], None]] = []
        self._leases = Leases(settings.ticks_to_lapse)
        self._worker_id = f"{settings.instance_id or 'presence'}-{uuid.uuid4().hex[:8]}"
        self._aside = Aside()
        self._tail = Tail(
            name="leases",
            settings=settings,
            topics=[GATEWAYS.name, CONTROLS.name],
            on_record=self._read,
            on_bad=self._aside.add,
            health=health,
        )

    def on_ending(self, listener: Callable[[], None]) -> None:
        """Tell `listener` that an epoch is over."""
        self._listeners.append(listener)

    def ended(self, key: EpochKey, named_ms: int) -> Cause | None:
        """Why the epoch of a connection, opened at `named_ms` (broker time), is over; None while it lives."""
        return self._leases.ended(key, named_ms)

    def endings(self) -> int:
        """Another number whenever an epoch has ended."""
        return self._leases.endings

    async def wait_ready(self) -> None:
        """Return when all that was there at the start has been read."""
        await self._tail.wait_ready()

    async def read_on(self, limit_s: float) -> None:
        """Return when all that is there now has been read; raises TimeoutError."""
        await self._tail.catch_up(limit_s)

    async def read(self) -> None:
        """Follow the topics until cancelled."""
        await self._tail.run()

    async def tick(self) -> None:
        """Tick until cancelled, never two in flight; what cannot be told now is told with the next tick."""
        await self._tail.wait_ready()
        while True:
            began = time.monotonic()
            if self._keeps_time():
                await self._tell()
            else:
                # Another worker shows it now: ours would stand still at what it was.
                metrics.LEASE_AGE.set(0)
            await asyncio.sleep(max(0.0, self._settings.tick_interval_s - (time.monotonic() - began)))

    async def _tell(self) -> None:
        lapsed, bad = [_lapse(key) for key in self._leases.due()], self._aside.waiting()
        tick = Tick(event_id=new_event_id(), occurred_at=wall_clock(), worker_id=self._worker_id)
        try:
            await self._publisher.publish([*lapsed, *(one.letter() for one in bad), outgoing(GATEWAYS, TICK_KEY, tick)])
        except Exception as error:
            if not is_retryable(error):
                raise
            _log.warning("the tick has to wait", error=str(error))
            return
        self._aside.told(bad)
        metrics.LAPSED.inc(len(lapsed))
        metrics.LEASE_AGE.set(self._leases.age)

    def _read(self, record: Record) -> None:
        before, event = self._leases.endings, BY_NAME[record.topic].decode(record.value)
        self._leases.apply(event, record.timestamp)
        if isinstance(event, Tick) and event.worker_id != self._worker_id:
            self._aside.another_ticked()
        if self._leases.endings != before:
            for listener in self._listeners:
                listener()


def _lapse(key: EpochKey) -> Outgoing:
    event = EpochLapsed(
        event_id=derived_event_id(f"lapse#{key.gateway_id}#{key.epoch}"),
        occurred_at=wall_clock(),
        gateway_id=key.gateway_id,
        epoch=key.epoch,
    )
    return outgoing(CONTROLS, key.gateway_id, event)
