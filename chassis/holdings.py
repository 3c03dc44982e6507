"""What a run loop holds in memory, by partition: who has more than its share is not read on, and the others are.

A partition whose work stands still (a record of a newer version, a room that is flooded) fills its own share only.
"""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from aiokafka import TopicPartition

from chassis import metrics
from chassis.lanes import Limits
from chassis.records import Record


class Verdict(NamedTuple):
    """Which partitions are read no further, and which of the paused ones are read again."""

    pause: frozenset[TopicPartition]
    resume: frozenset[TopicPartition]


class Holdings:
    """Records that were read and are not done."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._records: Counter[TopicPartition] = Counter()
        self._bytes: Counter[TopicPartition] = Counter()

    @property
    def records(self) -> int:
        """All of them."""
        return self._records.total()

    def add(self, record: Record, change: int) -> None:
        """One more (1), or one less (-1)."""
        place = TopicPartition(record.topic, record.partition)
        self._records[place] += change
        self._bytes[place] += change * record.size
        if not self._records[place]:
            del self._records[place], self._bytes[place]
        metrics.IN_MEMORY.labels(self._name).set(self.records)

    def judge(
        self, assigned: Collection[TopicPartition], paused: Collection[TopicPartition], limits: Limits
    ) -> Verdict:
        """Full is who holds its share of the limits; read again when half of that is done."""
        share = limits.shared_by(len(assigned))
        full = {place for place in assigned if self._reaches(place, share.records, share.bytes)}
        busy = {place for place in paused if self._reaches(place, share.records // 2, share.bytes // 2)}
        return Verdict(frozenset(full), frozenset(set(paused) & set(assigned)) - full - busy)

    def _reaches(self, place: TopicPartition, records: int, size: int) -> bool:
        return self._records[place] > 0 and (self._records[place] >= records or self._bytes[place] >= size)
