"""chat.gateways (key: gatewayId, compacted, one partition): leases, and the ticks that age them (spec 4)."""

from contracts.envelope import Event
from contracts.ids import Epoch, Id

TICK_KEY = b"tick"


class LeaseRenewed(Event, frozen=True, kw_only=True):
    """The epoch lives; `address` is its connection API with the stage, where other gateways and fan-out reach it."""

    gateway_id: Id
    epoch: Epoch
    address: str


class Stopped(Event, frozen=True, kw_only=True):
    """The epoch has ended in good order: all its `disconnected` are in the log."""

    gateway_id: Id
    epoch: Epoch


class Tick(Event, frozen=True, kw_only=True):
    """Time, as the log counts it: an epoch has lapsed nine ticks after its last renewal."""

    worker_id: str
