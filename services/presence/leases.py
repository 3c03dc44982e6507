"""Which epochs of gateways live: a pure fold of chat.gateways and chat.controls (spec 4).

Time is what the log counts: an epoch has lapsed when nine ticks were *read* after its last renewal. An outage of Kafka
stops ticks and renewals alike, so it retires nobody. What has ended never lives again.
"""

from dataclasses import dataclass
from typing import Literal

from contracts.controls import EpochLapsed
from contracts.envelope import Event
from contracts.gateways import LeaseRenewed, Stopped, Tick
from contracts.limits import TICKS_TO_LAPSE

Ended = Literal["lapsed", "superseded", "stopped"]
Epoch = tuple[str, str]
"""gatewayId and epoch."""


@dataclass(slots=True)
class _Lease:
    ticks: int = 0
    ended: Ended | None = None


class Leases:
    """Leases as far as they were read."""

    def __init__(self, ticks_to_lapse: int = TICKS_TO_LAPSE) -> None:
        self._ticks_to_lapse = ticks_to_lapse
        self._leases: dict[Epoch, _Lease] = {}
        self._current: dict[str, str] = {}

    def apply(self, event: Event) -> None:
        """Read the next event of chat.gateways or chat.controls; others are passed over."""
        if isinstance(event, Tick):
            for lease in self._leases.values():
                lease.ticks += 1
        elif isinstance(event, LeaseRenewed):
            self._renew(event.gateway_id, event.epoch)
        elif isinstance(event, Stopped):
            self._end((event.gateway_id, event.epoch), "stopped")
        elif isinstance(event, EpochLapsed):
            self._end((event.gateway_id, event.epoch), "lapsed")

    def knows(self, epoch: Epoch) -> bool:
        """Whether the epoch was ever read of."""
        return epoch in self._leases

    def ended(self, epoch: Epoch) -> Ended | None:
        """Why the epoch is over; None: it lives. One never read of is over (superseded): its lease came before it."""
        lease = self._leases.get(epoch)
        return "superseded" if lease is None else lease.ended

    def due(self) -> list[Epoch]:
        """Epochs that have lapsed and nobody said so yet."""
        return [
            epoch
            for epoch, lease in self._leases.items()
            if lease.ended is None and lease.ticks >= self._ticks_to_lapse
        ]

    def age(self) -> int:
        """Ticks since the last renewal of the living epoch that is most behind."""
        return max((lease.ticks for lease in self._leases.values() if lease.ended is None), default=0)

    def _renew(self, gateway_id: str, epoch: str) -> None:
        lease = self._leases.setdefault((gateway_id, epoch), _Lease())
        if lease.ended is not None:
            return
        lease.ticks = 0
        before = self._current.get(gateway_id)
        if before is not None and before != epoch:
            self._end((gateway_id, before), "superseded")
        self._current[gateway_id] = epoch

    def _end(self, epoch: Epoch, why: Ended) -> None:
        lease = self._leases.setdefault(epoch, _Lease())
        if lease.ended is None:
            lease.ended = why
