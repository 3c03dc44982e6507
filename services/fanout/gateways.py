"""Which epochs of gateways live, and where: the fold of chat.gateways and of the lapses on chat.controls (spec 4).

An epoch ends by `stopped`, by its lapse, by a newer epoch of the same gateway, or when its address answers for another.
What has ended stays ended: a push to it is neither sent nor waited for.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from chassis.records import Record
from contracts.controls import EpochLapsed
from contracts.gateways import LeaseRenewed, Stopped
from contracts.topics import CONTROLS, GATEWAYS
from services.fanout.route import EpochKey

ENDED_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Lease:
    epoch: str
    address: str


class Gateways:
    """Leases by gateway, and the epochs that have ended (the newest 10,000 of them)."""

    def __init__(self) -> None:
        self._leases: dict[str, _Lease] = {}
        self._ended: OrderedDict[EpochKey, None] = OrderedDict()
        self._listeners: list[Callable[[EpochKey], None]] = []

    def on_change(self, listener: Callable[[EpochKey], None]) -> None:
        """Tell `listener` of each epoch that has got an address or has ended."""
        self._listeners.append(listener)

    def address(self, key: EpochKey) -> str | None:
        """Where the epoch's connection API is; None while its lease has not been read."""
        lease = self._leases.get(key.gateway_id)
        return lease.address if lease is not None and lease.epoch == key.epoch else None

    def has_ended(self, key: EpochKey) -> bool:
        """Whether nobody is connected there any more."""
        return key in self._ended

    def apply(self, record: Record) -> None:
        """Take a record of chat.gateways or chat.controls; raises ContractError for one that cannot be read."""
        topic = GATEWAYS if record.topic == GATEWAYS.name else CONTROLS
        match topic.decode(record.value):
            case LeaseRenewed() as lease:
                self._renew(EpochKey(lease.gateway_id, lease.epoch), lease.address)
            case Stopped() | EpochLapsed() as over:
                self.end(EpochKey(over.gateway_id, over.epoch))

    def end(self, key: EpochKey) -> None:
        """The epoch is over."""
        if key in self._ended:
            return
        self._ended[key] = None
        if len(self._ended) > ENDED_REMEMBERED:
            self._ended.popitem(last=False)
        lease = self._leases.get(key.gateway_id)
        if lease is not None and lease.epoch == key.epoch:
            del self._leases[key.gateway_id]
        self._tell(key)

    def _renew(self, key: EpochKey, address: str) -> None:
        before = self._leases.get(key.gateway_id)
        if key in self._ended or before == _Lease(key.epoch, address):
            return
        self._leases[key.gateway_id] = _Lease(key.epoch, address)
        if before is not None and before.epoch != key.epoch:
            self.end(EpochKey(key.gateway_id, before.epoch))
        self._tell(key)

    def _tell(self, key: EpochKey) -> None:
        for listener in self._listeners:
            listener(key)
