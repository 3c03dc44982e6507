"""Which epochs of gateways live: the fold of chat.gateways and of the lapses on chat.controls (spec 4). Pure.

Time is what the log counts: an epoch has lapsed when nine ticks were *read* after its last renewal. An outage of Kafka
stops ticks and renewals alike, so it retires nobody. The lapse counts once chat.controls tells it, so that all workers
and gateways agree; what has ended never lives again.

An epoch that only a connection names (its lease is not read yet, or was compacted away behind a newer epoch's) is
counted from the time of that connection on; nine ticks later it is over: a gateway that lives renews with every tick.
Older ticks do not count, however late they are read: the lease of a gateway stands before its first connection.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal, NamedTuple

from contracts.controls import EpochLapsed
from contracts.envelope import Event
from contracts.gateways import LeaseRenewed, Stopped, Tick
from contracts.limits import TICKS_TO_LAPSE

Cause = Literal["lapsed", "superseded", "stopped"]

ENDED_REMEMBERED = 50_000


class EpochKey(NamedTuple):
    """One life of one gateway."""

    gateway_id: str
    epoch: str


@dataclass(slots=True)
class _Unheard:
    """An epoch without a lease, named by a connection of this broker time; and how many ticks followed that."""

    named_ms: int
    ticks: int = 0


class Leases:
    """Epochs as far as they were read."""

    def __init__(self, ticks_to_lapse: int = TICKS_TO_LAPSE) -> None:
        self._ticks_to_lapse = ticks_to_lapse
        self._ticks = 0
        self._renewed: dict[EpochKey, int] = {}
        """The tick at which each living epoch was last renewed."""
        self._current: dict[str, EpochKey] = {}
        self._unheard: dict[EpochKey, _Unheard] = {}
        self._ended: OrderedDict[EpochKey, Cause] = OrderedDict()
        self.endings = 0
        """Rises with each epoch that ends."""

    def apply(self, event: Event, at_ms: int) -> None:
        """Read the next event of chat.gateways or chat.controls, stored at `at_ms` (broker time)."""
        match event:
            case Tick():
                self._tick(at_ms)
            case LeaseRenewed():
                self._renew(EpochKey(event.gateway_id, event.epoch))
            case Stopped():
                self._end(EpochKey(event.gateway_id, event.epoch), "stopped")
            case EpochLapsed():
                self._end(EpochKey(event.gateway_id, event.epoch), "lapsed")
            case _:
                return

    def ended(self, key: EpochKey, named_ms: int) -> Cause | None:
        """Why the epoch of a connection is over; None while it lives, as far as was read.

        `named_ms`: when the log took the `connected` that names it, by the broker's time.
        """
        if key not in self._renewed and key not in self._ended:
            self._unheard.setdefault(key, _Unheard(named_ms))
        return self._ended.get(key)

    def due(self) -> list[EpochKey]:
        """Epochs that have lapsed, and chat.controls does not tell it yet."""
        return [key for key, tick in self._renewed.items() if self._ticks - tick >= self._ticks_to_lapse]

    @property
    def age(self) -> int:
        """Ticks since the last renewal of the living epoch that is most behind."""
        return max((self._ticks - tick for tick in self._renewed.values()), default=0)

    def _tick(self, at_ms: int) -> None:
        self._ticks += 1
        for one in self._unheard.values():
            one.ticks += at_ms > one.named_ms
        for key in [key for key, one in self._unheard.items() if one.ticks >= self._ticks_to_lapse]:
            self._end(key, "lapsed")

    def _renew(self, key: EpochKey) -> None:
        if key in self._ended:
            return
        self._unheard.pop(key, None)
        self._renewed[key] = self._ticks
        before = self._current.get(key.gateway_id)
        self._current[key.gateway_id] = key
        if before is not None and before != key:
            self._end(before, "superseded")

    def _end(self, key: EpochKey, cause: Cause) -> None:
        if key in self._ended:
            return
        self._renewed.pop(key, None)
        self._unheard.pop(key, None)
        if self._current.get(key.gateway_id) == key:
            del self._current[key.gateway_id]
        self._ended[key] = cause
        if len(self._ended) > ENDED_REMEMBERED:
            self._ended.popitem(last=False)
        self.endings += 1
