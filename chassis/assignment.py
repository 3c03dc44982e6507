"""Which partitions are ours, from where each is read, and what of it is done."""

from collections.abc import Awaitable, Callable, Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

from chassis.offsets import Offsets


class Assignment:
    """A partition is *held* from its assignment to its revocation, and *active* once its start is known.

    `serial` changes with every rebalance and every activation: records that were fetched across such a change are
    thrown away and fetched again from the right place.
    """

    def __init__(self) -> None:
        self.held: set[TopicPartition] = set()
        self.active: dict[TopicPartition, Offsets] = {}
        self.serial = 0
        self._fresh: frozenset[TopicPartition] | None = None
        self._committed: dict[TopicPartition, int] = {}
        self._stopping = False

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """The group gave us these."""
        self.serial += 1
        self.held = set(partitions)
        self._fresh = frozenset(self.held)

    def revoked(self) -> None:
        """The group takes all of them (eager protocol); `active` stays until the prefix is committed."""
        self.serial += 1
        self.held = set()
        self._fresh = None

    def let_go(self) -> None:
        """Nothing is ours any more."""
        self.active = {}
        self._committed = {}

    def stopping(self) -> None:
        """Retries end: the next owner tries on."""
        self._stopping = True

    def may_retry(self, partition: TopicPartition) -> bool:
        """Whether work on the partition is still ours to repeat."""
        return not self._stopping and partition in self.held

    def take_fresh(self) -> frozenset[TopicPartition] | None:
        """What was assigned and is not yet prepared, once; empty where the group gave us nothing, None without news."""
        fresh, self._fresh = self._fresh, None
        return fresh

    def activate(self, consumer: AIOKafkaConsumer, starts: dict[TopicPartition, tuple[int, int]]) -> None:
        """Read each from its start; offsets below its second figure count as committed already."""
        self.serial += 1
        for partition, (start, committed) in starts.items():
            consumer.seek(partition, start)
            self.active[partition] = Offsets(start)
            self._committed[partition] = committed

    def due(self) -> dict[TopicPartition, int]:
        """Offsets that are further than what was committed; never backwards."""
        return {
            partition: offsets.position
            for partition, offsets in self.active.items()
            if offsets.position > self._committed.get(partition, 0)
        }

    def committed(self, offsets: dict[TopicPartition, int]) -> None:
        """These are committed."""
        self._committed.update(offsets)

    def finish(self, partition: TopicPartition, offset: int) -> None:
        """A record is done."""
        if partition in self.active:
            self.active[partition].finish(offset)

    def lag(self, topic: str, ends: dict[TopicPartition, int]) -> int:
        """Records of `topic` between what is done and the end."""
        return sum(
            max(0, end - self.active[partition].position)
            for partition, end in ends.items()
            if partition.topic == topic and partition in self.active
        )

    def oldest_s(self, topic: str, now_s: float) -> float:
        """Age of the oldest record of `topic` that is not done, at `now_s` (epoch); 0 where there is none."""
        times = [
            offsets.oldest_ms
            for partition, offsets in self.active.items()
            if partition.topic == topic and offsets.oldest_ms is not None
        ]
        return max(0.0, now_s - min(times) / 1000) if times else 0.0


def start_of(earliest: int, committed: int | None, asked: int | None) -> tuple[int, int]:
    """Where to read from, and from which offset on it counts; `asked` may go back, never past what is uncommitted.

    A group that has committed nothing begins where it asks, at the earliest record if it does not.
    """
    if committed is None:
        start = max(asked or 0, earliest)
        return start, start
    counts = max(committed, earliest)
    return (counts if asked is None else max(min(asked, counts), earliest)), counts


class RebalanceListener(ConsumerRebalanceListener):
    """Tells the assignment; on revocation waits for the loop to let go. aiokafka swallows what a listener raises."""

    def __init__(self, revoke: Callable[[frozenset[TopicPartition]], Awaitable[None]], assignment: Assignment) -> None:
        self._revoke = revoke
        self._assignment = assignment

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called before the group goes on; every partition is taken (eager protocol)."""
        self._assignment.revoked()
        try:
            await self._revoke(frozenset(revoked))
        finally:
            self._assignment.let_go()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called when the group has agreed; preparing them is the poll loop's work, so heartbeats go on."""
        self._assignment.assigned(assigned)
