"""Lanes: the records of one key of one partition, in order, one batch at a time; many lanes side by side. Pure.

While a lane's batch is in flight, its next records queue up and become its next batch: one hot room fills its own lane
and no other, and batches grow just as fast as the work is slow.
"""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from chassis.records import Record


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a run loop holds in memory and does at once."""

    records: int = 10_000
    bytes: int = 64 * 1024 * 1024
    batch_records: int = 500
    batch_bytes: int = 1024 * 1024
    lanes_in_flight: int = 32

    def shared_by(self, partitions: int) -> "Limits":
        """What each of so many partitions may hold."""
        share = max(1, partitions)
        return replace(self, records=max(1, self.records // share), bytes=max(1, self.bytes // share))


@dataclass(slots=True)
class Lane:
    """One key's queue."""

    topic: str
    partition: int
    name: Hashable
    queue: deque[Record] = field(default_factory=deque)
    in_flight: bool = False
    dropped: bool = False
    """Its partition is no longer ours: what comes back from a batch in flight is forgotten."""

    def take(self, limits: Limits) -> list[Record]:
        """The next batch: at least one record, at most what the limits allow."""
        batch: list[Record] = []
        size = 0
        while self.queue and len(batch) < limits.batch_records:
            size += self.queue[0].size
            if batch and size > limits.batch_bytes:
                break
            batch.append(self.queue.popleft())
        return batch

    def put_back(self, records: list[Record]) -> bool:
        """Records that were taken and not handled, to the head; False where the lane was dropped meanwhile."""
        if not self.dropped:
            self.queue.extendleft(reversed(records))
        return not self.dropped


class Lanes:
    """All lanes of a run loop; those with records and nothing in flight take turns."""

    def __init__(self, lane_of: Callable[[Record], Hashable]) -> None:
        self._lane_of = lane_of
        self._lanes: dict[tuple[str, int, Hashable], Lane] = {}
        self._ready: deque[Lane] = deque()

    def add(self, record: Record) -> None:
        """Queue `record` at the end of its lane."""
        name = self._lane_of(record)
        lane = self._lanes.get((record.topic, record.partition, name))
        if lane is None:
            lane = self._lanes[record.topic, record.partition, name] = Lane(record.topic, record.partition, name)
        if not lane.queue and not lane.in_flight:
            self._ready.append(lane)
        lane.queue.append(record)

    def next(self) -> Lane | None:
        """A lane that has work and nothing in flight, now in flight; the one that waited longest."""
        while self._ready:
            lane = self._ready.popleft()
            if lane.queue:
                lane.in_flight = True
                return lane
        return None

    def release(self, lane: Lane) -> None:
        """The lane's batch has ended: it waits for its next turn, or is forgotten when empty."""
        lane.in_flight = False
        if lane.dropped:
            return
        if lane.queue:
            self._ready.append(lane)
        else:
            self._lanes.pop((lane.topic, lane.partition, lane.name), None)

    def drop(self, topic: str, partition: int) -> list[Record]:
        """Forget what is queued for a partition that is no longer ours; what is in flight goes on."""
        dropped: list[Record] = []
        for key, lane in list(self._lanes.items()):
            if (lane.topic, lane.partition) == (topic, partition):
                dropped.extend(lane.queue)
                lane.queue.clear()
                lane.dropped = True
                del self._lanes[key]
        return dropped
