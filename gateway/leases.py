"""The gateway's epoch, and the lease that says it lives (spec 4).

    begin ─▶ leaseRenewed acknowledged ─▶ connections ─▶ renewed every 5 s ─▶ all `disconnected` acknowledged ─▶ stopped
                     ▲                                        │
                     └── all sockets closed (1012) ◀── its own lapse is read (it was only paused)

A renewal that Kafka does not take is waited for, never piled up. The process that dies renews no more: nine ticks
later its connections are retired. A second process under the same name supersedes this one, which then ends.
"""

import asyncio
from collections.abc import Callable

from chassis.health import Health
from chassis.logs import get_logger
from chassis.publisher import Publisher, PublishFailed
from chassis.records import outgoing
from chassis.tasks import happens_within
from contracts.envelope import Event
from contracts.gateways import LeaseRenewed, Stopped
from contracts.ids import new_epoch, new_event_id
from contracts.timestamps import iso
from contracts.topics import GATEWAYS
from gateway import metrics
from gateway.epochs import Epochs
from gateway.tracing import traced

_log = get_logger(__name__)
PART = "lease"


class Superseded(Exception):
    """Another process runs under this gateway's name: its connections are the ones that count."""

    code = "SUPERSEDED"
    retryable = False


class Lease:
    """One epoch after another."""

    def __init__(
        self,
        *,
        gateway_id: str,
        publisher: Publisher,
        epochs: Epochs,
        health: Health,
        interval_s: float,
        wall_ms: Callable[[], int],
    ) -> None:
        self.gateway_id = gateway_id
        self.address = ""
        self._publisher = publisher
        self._epochs = epochs
        self._health = health
        self._interval_s = interval_s
        self._wall_ms = wall_ms
        self._epoch = new_epoch()
        self._held = False
        # What stands before our first renewal is of an earlier process, however late it is read.
        self._seen = False
        self._now = asyncio.Event()
        self._superseded = asyncio.Event()
        health.set(PART, "not held yet")

    @property
    def epoch(self) -> str:
        """The epoch of connections that open now."""
        return self._epoch

    @property
    def held(self) -> bool:
        """Whether the present epoch is in the log."""
        return self._held

    async def run(self) -> None:
        """Hold the lease until cancelled; raises Superseded. Start it after chat.gateways was read to its end."""
        self._begin()
        while not self._superseded.is_set():
            self._now.clear()
            await self._renew()
            await happens_within(self._now, self._interval_s)
        raise Superseded(f"another process runs as {self.gateway_id}: give each gateway a KAIWA_GATEWAY_ID of its own")

    def lapsed(self, epoch: str) -> bool:
        """The lapse of one of our epochs was read; True: it was the present one, and another begins."""
        if epoch != self._epoch:
            return False
        _log.warning("the epoch has lapsed: this process was paused, or cut off from Kafka", epoch=epoch)
        self._begin()
        self._now.set()
        return True

    def watch(self, event: Event) -> None:
        """Look at an event of chat.gateways: is it from another process under our name?"""
        if not isinstance(event, LeaseRenewed) or event.gateway_id != self.gateway_id:
            return
        if event.epoch == self._epoch:
            self._seen = True
        elif self._seen and not self._epochs.has_ended(event.epoch):
            self._superseded.set()
            self._now.set()

    async def stopped(self) -> None:
        """Tell that the epoch has ended in good order; returns when Kafka has it. Raises PublishFailed."""
        event = Stopped(
            event_id=new_event_id(), occurred_at=iso(self._wall_ms()), gateway_id=self.gateway_id, epoch=self._epoch
        )
        await self._publisher.publish([outgoing(GATEWAYS, self.gateway_id, event, traced())])

    def _begin(self) -> None:
        self._held = self._seen = False
        self._health.set(PART, "not held yet")
        epoch = new_epoch()
        while self._epochs.is_known(epoch):
            epoch = new_epoch()
        self._epoch = epoch
        metrics.EPOCHS.inc()

    async def _renew(self) -> None:
        epoch = self._epoch
        event = LeaseRenewed(
            event_id=new_event_id(),
            occurred_at=iso(self._wall_ms()),
            gateway_id=self.gateway_id,
            epoch=epoch,
            address=self.address,
        )
        try:
            await self._publisher.publish([outgoing(GATEWAYS, self.gateway_id, event, traced())])
        except PublishFailed as error:
            _log.warning("the lease was not renewed, trying again", error=str(error))
            return
        metrics.LEASE_RENEWED.set_to_current_time()
        if epoch == self._epoch and not self._held:
            self._held = True
            self._health.set(PART, None)
            _log.info("an epoch begins", gateway=self.gateway_id, epoch=epoch)
