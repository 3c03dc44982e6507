"""Which epochs of gateways have ended, and when by the broker's clock. Pure."""

from contracts.controls import EpochLapsed
from contracts.gateways import LeaseRenewed, Stopped
from replay.seen import Seen

OVER_AFTER_MS = 60_000
"""A crashed gateway's connections are gone by then (spec 4)."""


class Epochs:
    """The fold of chat.gateways and of the lapses on chat.controls, in the order of broker times."""

    def __init__(self) -> None:
        self._renewed: dict[str, int] = {}
        self._current: dict[str, str] = {}
        self._ended: dict[str, int] = {}
        self.now_ms = 0
        """The newest time that the log tells: ticks go on while presence works."""

    def apply(self, seen: Seen) -> None:
        """Take the next event."""
        event, time = seen.event, seen.record.timestamp
        self.now_ms = max(self.now_ms, time)
        match event:
            case LeaseRenewed():
                before = self._current.get(event.gateway_id)
                if before is not None and before != event.epoch:
                    self._ended.setdefault(before, time)
                self._current[event.gateway_id] = event.epoch
                self._renewed[event.epoch] = time
            case Stopped() | EpochLapsed():
                self._ended.setdefault(event.epoch, time)

    def is_long_over(self, epoch: str, connected_ms: int) -> bool:
        """Whether a connection of this epoch should be gone by now."""
        if self.now_ms - connected_ms <= OVER_AFTER_MS:
            return False
        # An epoch of which the log tells nothing any more was compacted away behind a newer one.
        over_since = self._ended.get(epoch, self._renewed.get(epoch, 0))
        return self.now_ms - over_since > OVER_AFTER_MS
