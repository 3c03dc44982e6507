"""What a worker holds of one partition of chat.rooms while it is assigned."""

from dataclasses import dataclass, field

from services.fanout.delivery import Delivery
from services.fanout.locations import OVERLAP_MS, Place
from services.fanout.window import Window


@dataclass(frozen=True, kw_only=True)
class Takeover:
    """Where a partition is taken over."""

    start: int
    """Offset that is read first."""
    committed: int
    """Offset from which on nothing was delivered for sure; what is below was, by an earlier worker."""
    end: int = 0
    """The end of the log at the takeover; from here on everything goes to everybody."""
    reaches_ms: int = 0
    """Broker time from which on nothing is missing; 0: nothing stands before `start`."""
    repeats_from_ms: int = 0
    """Connections that begin here or later get what was committed once more; 60 s before `committed_ms`."""
    committed_ms: int = 0
    """Broker time of the last committed record; 0: there is none."""

    def knew(self, place: Place) -> bool:
        """Whether the earlier worker knew the connection for sure when it routed the last record it committed."""
        return place.learned_ms < self.committed_ms - OVERLAP_MS

    def missed(self, place: Place) -> bool:
        """Whether the connection is owed something that stands before `start`."""
        return place.begins_ms < self.reaches_ms and not self.knew(place)

    def owes(self, place: Place, offset: int, time_ms: int) -> bool:
        """Whether the connection gets the record of that offset and time.

        Of what stood in the log at the takeover none gets what was posted before its beginning: it may have got later
        messages from the earlier worker already, and would see them out of order.
        """
        if offset >= self.end:
            return True
        if place.begins_ms > time_ms:
            return False
        return offset >= self.committed or place.begins_ms >= self.repeats_from_ms or not self.knew(place)


@dataclass(slots=True)
class Partition:
    """One partition, from its takeover on."""

    number: int
    takeover: Takeover
    window: Window
    catch_ups: set[Delivery] = field(default_factory=set)
    """Pushes out of the window that are under way: no later record is committed before they have arrived."""
    routed: int = 0
    """How many records were routed."""
    highest: int = -1
    """The highest offset among them."""

    def note(self, offset: int) -> None:
        """A record was routed."""
        self.routed += 1
        self.highest = max(self.highest, offset)

    def stands_at(self, committed: int | None) -> bool:
        """Whether exactly the records up to `committed` were routed here, so that it can go on as if never revoked."""
        following = self.takeover.start + self.routed
        return committed == following and self.highest < following

    def is_repetition(self, offset: int) -> bool:
        """Whether an earlier worker delivered it."""
        return offset < self.takeover.committed
