"""Which epoch is where, and which has ended: the fold of chat.gateways and of the lapses in chat.controls (spec 4).

An epoch that ended stays ended, whatever a gateway that was only paused says of it later.

A lapse is kept in chat.controls for a day, a lease in chat.gateways until the gateway's next one. So the lease of a
gateway that died for good outlives the news of its lapse, and whoever starts after that must tell from the lease's age.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from contracts.envelope import Event
from contracts.gateways import LeaseRenewed, Stopped, Tick
from contracts.limits import TICKS_TO_LAPSE
from contracts.topics import CONTROLS

ENDED_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Lease:
    address: str
    at_ms: int
    """When the log took it: the broker's time."""
    tick: int
    """How many ticks had been read by then."""


class Epochs:
    """What an unknown epoch is, is known only after `catch_up`: the topic is compacted, so it has ended."""

    def __init__(self) -> None:
        self._leases: dict[str, _Lease] = {}
        self._of_gateway: dict[str, str] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._ticks = 0
        self._newest_ms = 0

    def apply(self, event: Event, at_ms: int) -> None:
        """Fold one event of chat.gateways, which the log took at `at_ms` (the broker's time)."""
        self._newest_ms = max(self._newest_ms, at_ms)
        match event:
            case Tick():
                self._ticks += 1
            case Stopped():
                self.end(event.gateway_id, event.epoch)
            case LeaseRenewed() if event.epoch not in self._ended:
                self._renew(event, at_ms)

    def end(self, gateway_id: str, epoch: str) -> None:
        """The epoch has stopped, lapsed or was superseded."""
        self._leases.pop(epoch, None)
        if self._of_gateway.get(gateway_id) == epoch:
            del self._of_gateway[gateway_id]
        self._ended[epoch] = None
        if len(self._ended) > ENDED_REMEMBERED:
            self._ended.popitem(last=False)

    def address(self, epoch: str) -> str | None:
        """Where the epoch's connection API is, with the stage; None: it has ended, or is not known yet."""
        lease = self._leases.get(epoch)
        return None if lease is None or self._is_long_over(lease) else lease.address

    def has_ended(self, epoch: str) -> bool:
        """Whether its end was read."""
        return epoch in self._ended

    def is_known(self, epoch: str) -> bool:
        """Whether a new epoch may not be called so."""
        return epoch in self._leases or epoch in self._ended

    def _renew(self, event: LeaseRenewed, at_ms: int) -> None:
        before = self._of_gateway.get(event.gateway_id)
        if before is not None and before != event.epoch:
            self.end(event.gateway_id, before)
        self._of_gateway[event.gateway_id] = event.epoch
        self._leases[event.epoch] = _Lease(event.address, at_ms, self._ticks)

    def _is_long_over(self, lease: _Lease) -> bool:
        # The ticks too, since after an outage of Kafka that took a day the first record makes every lease look old.
        is_old = self._newest_ms - lease.at_ms > CONTROLS.retention_ms
        return is_old and self._ticks - lease.tick >= TICKS_TO_LAPSE
