"""A log in memory: what chassis.log_reader.Reader promises, without a broker.

It may be trusted because it passes tests/conformance/test_log_contract.py together with the real reader.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from aiokafka import TopicPartition

from chassis.log_reader import Keep, NoTopic, Span, partition_of
from chassis.records import Headers, Outgoing, Record
from contracts.topics import TOPICS

BATCH = 7


class MemoryLog:
    """Topics of so many partitions each."""

    def __init__(self, partitions: int = 3, topics: Collection[str] = ()) -> None:
        self.partitions = partitions
        self.counts = {topic.name: 1 if topic.single_partition else partitions for topic in TOPICS}
        self.counts |= dict.fromkeys(topics, partitions)
        self._records: dict[TopicPartition, list[Record]] = defaultdict(list)
        self._begins: dict[TopicPartition, int] = {}
        self.now_ms = 1_753_900_200_000
        self.spans_read: list[tuple[int, int]] = []
        """Begin and end of each stretch that `records` was asked for."""

    def append(self, topic: str, key: str | bytes | None, value: bytes | None, headers: Headers = ()) -> Record:
        """Write a record, a millisecond after the one before."""
        raw = key.encode() if isinstance(key, str) else key
        number = partition_of(raw or b"", self.counts[topic])
        held = self._records[TopicPartition(topic, number)]
        self.now_ms += 1
        record = Record(topic, number, len(held), self.now_ms, raw, value, headers)
        held.append(record)
        return record

    def put(self, topic: str, number: int, record: Record) -> None:
        """Write a record into one partition, with its own time and headers."""
        held = self._records[TopicPartition(topic, number)]
        held.append(replace(record, topic=topic, partition=number, offset=len(held)))

    def take(self, message: Outgoing) -> Record:
        """Write what a publisher was given."""
        return self.append(message.topic, message.key, message.value, message.headers)

    async def publish(self, messages: Collection[Outgoing]) -> None:
        """As chassis.publisher.Publisher."""
        for message in messages:
            self.take(message)

    def expire(self, topic: str, number: int, begin: int) -> None:
        """Retention takes what stands before `begin`."""
        self._begins[TopicPartition(topic, number)] = begin

    def records_of(self, topic: str) -> list[Record]:
        """All that a topic holds."""
        return [record for number in range(self.counts[topic]) for record in self._held(TopicPartition(topic, number))]

    async def bounds(self, *topics: str) -> dict[TopicPartition, Span]:
        missing = [topic for topic in topics if topic not in self.counts]
        if missing:
            raise NoTopic(missing[0])
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(self.counts[topic])]
        return {one: Span(self._begins.get(one, 0), len(self._records[one])) for one in partitions}

    async def offsets_at(
        self, partitions: Collection[TopicPartition], time_ms: int
    ) -> dict[TopicPartition, int | None]:
        return {one: next((r.offset for r in self._held(one) if r.timestamp >= time_ms), None) for one in partitions}

    @asynccontextmanager
    async def reading(
        self, spans: Mapping[TopicPartition, Span], *, keep: Keep | None = None
    ) -> AsyncIterator["MemoryReading"]:
        yield MemoryReading(self, spans, keep)

    async def records(
        self, spans: Mapping[TopicPartition, Span], *, keep: Keep | None = None
    ) -> AsyncGenerator[list[Record]]:
        reading = MemoryReading(self, spans, keep)
        self.spans_read += [(span.begin, span.end) for span in spans.values()]
        while not reading.done:
            yield await reading.any()

    def _held(self, partition: TopicPartition) -> list[Record]:
        return self._records[partition][self._begins.get(partition, 0) :]

    def slice(self, partition: TopicPartition, span: Span) -> list[Record]:
        return self._records[partition][span.begin : span.end]


class MemoryReading:
    def __init__(self, log: MemoryLog, spans: Mapping[TopicPartition, Span], keep: Keep | None) -> None:
        self._left = {one: log.slice(one, span) for one, span in spans.items()}
        self._keep = keep
        self.read = 0

    @property
    def done(self) -> bool:
        return not any(self._left.values())

    def ended(self, partition: TopicPartition) -> bool:
        return not self._left.get(partition)

    async def any(self) -> list[Record]:
        return await self.of(next(one for one, left in self._left.items() if left))

    async def of(self, partition: TopicPartition) -> list[Record]:
        batch, self._left[partition] = self._left[partition][:BATCH], self._left[partition][BATCH:]
        self.read += len(batch)
        return [one for one in batch if self._keep is None or self._keep(one.key, one.value)]
