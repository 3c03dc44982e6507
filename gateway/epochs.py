"""Which epoch is where, and which has ended: the fold of chat.gateways and of the lapses in chat.controls (spec 4).

An epoch that ended stays ended, whatever a gateway that was only paused says of it later.
"""

from collections import OrderedDict
from typing import Final

from contracts.envelope import Event
from contracts.gateways import LeaseRenewed, Stopped

ENDED_REMEMBERED: Final = 10_000


class Epochs:
    """What an unknown epoch is, is known only after `catch_up`: the topic is compacted, so it has ended."""

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}
        self._of_gateway: dict[str, str] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()

    def apply(self, event: Event) -> None:
        """Fold one event of chat.gateways."""
        if isinstance(event, Stopped):
            self.end(event.gateway_id, event.epoch)
        elif isinstance(event, LeaseRenewed) and event.epoch not in self._ended:
            before = self._of_gateway.get(event.gateway_id)
            if before is not None and before != event.epoch:
                self.end(event.gateway_id, before)
            self._of_gateway[event.gateway_id] = event.epoch
            self._addresses[event.epoch] = event.address

    def end(self, gateway_id: str, epoch: str) -> None:
        """The epoch has stopped, lapsed or was superseded."""
        self._addresses.pop(epoch, None)
        if self._of_gateway.get(gateway_id) == epoch:
            del self._of_gateway[gateway_id]
        self._ended[epoch] = None
        if len(self._ended) > ENDED_REMEMBERED:
            self._ended.popitem(last=False)

    def address(self, epoch: str) -> str | None:
        """Where the epoch's connection API is, with the stage; None: it has ended, or is not known yet."""
        return self._addresses.get(epoch)

    def has_ended(self, epoch: str) -> bool:
        """Whether its end was read."""
        return epoch in self._ended

    def is_known(self, epoch: str) -> bool:
        """Whether a new epoch may not be called so."""
        return epoch in self._addresses or epoch in self._ended
