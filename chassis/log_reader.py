"""Reads stretches of the log: some partitions from one offset to another, outside any group (spec 12).

For those who look back. Nothing is committed, so no consumer notices; memory is bounded by what one fetch may bring,
however long the stretch. A record that is filtered out costs no more than its fetch.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from chassis.records import Record, from_aiokafka
from chassis.settings import KafkaSettings

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

FETCH_BYTES = 1024 * 1024
"""Of one partition; a record is at most 4 MiB, and one that is larger than this comes alone."""
FETCH_ALL_BYTES = 8 * 1024 * 1024
RECORDS = 2_000
SILENCE_S = 30.0

Keep = Callable[[bytes | None, bytes | None], bool]
"""Whether a record of this key and value is wanted."""


class LogSilent(Exception):
    """Kafka does not answer, or a stretch of the log does not arrive."""

    code = "LOG_SILENT"
    retryable = True


class NoTopic(Exception):
    """There is no such topic."""

    code = "NO_TOPIC"
    retryable = False


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets from `begin` up to, but without, `end`."""

    begin: int
    end: int

    def __len__(self) -> int:
        return max(0, self.end - self.begin)


class Reads(Protocol):
    """How far some stretches are read."""

    read: int
    """Offsets that were passed so far, those that were filtered out included."""

    @property
    def done(self) -> bool:
        """Whether all is read."""

    def ended(self, partition: TopicPartition) -> bool:
        """Whether this partition's stretch is read."""

    async def any(self) -> list[Record]:
        """The next records of whichever partitions have some; empty where all of them were filtered out."""

    async def of(self, partition: TopicPartition) -> list[Record]:
        """The next records of one partition; what others bring meanwhile waits, bounded by one fetch of each."""


class Reader(Protocol):
    """Where stretches of a log are read; the real one asks Kafka. All of it may raise NoTopic or LogSilent."""

    async def bounds(self, *topics: str) -> dict[TopicPartition, Span]:
        """Of each partition, what it holds now."""

    async def offsets_at(
        self, partitions: Collection[TopicPartition], time_ms: int
    ) -> dict[TopicPartition, int | None]:
        """Of each partition the first offset that was appended at `time_ms` or later; None: there is none yet."""

    def reading(
        self, spans: Mapping[TopicPartition, Span], *, keep: Keep | None = None
    ) -> AbstractAsyncContextManager[Reads]:
        """A reading of these stretches, side by side."""

    def records(
        self, spans: Mapping[TopicPartition, Span], *, keep: Keep | None = None
    ) -> AsyncGenerator[list[Record]]:
        """The records of these stretches in batches: those of a partition in order, partitions as they come."""


def partition_of(key: str | bytes, partitions: int) -> int:
    """Where a key stands among so many partitions: Kafka's own rule, which every producer of ours follows."""
    raw = key.encode() if isinstance(key, str) else key
    place: int = (murmur2(raw) & 0x7FFFFFFF) % partitions
    return place


class LogReader:
    """Opens a reading at a time for each question; holds no connection in between."""

    def __init__(self, settings: KafkaSettings, *, name: str) -> None:
        self._settings = settings
        self._name = name

    async def bounds(self, *topics: str) -> dict[TopicPartition, Span]:
        """See Reader."""
        async with self._consumer() as consumer:
            partitions = [TopicPartition(topic, n) for topic in topics for n in await _numbers(consumer, topic)]
            begins = await consumer.beginning_offsets(partitions)
            ends = await consumer.end_offsets(partitions)
        return {partition: Span(begins[partition], ends[partition]) for partition in partitions}

    async def offsets_at(
        self, partitions: Collection[TopicPartition], time_ms: int
    ) -> dict[TopicPartition, int | None]:
        """See Reader."""
        if not partitions:
            return {}
        async with self._consumer() as consumer:
            found = await consumer.offsets_for_times(dict.fromkeys(partitions, time_ms))
        return {partition: None if at is None else at.offset for partition, at in found.items()}

    @asynccontextmanager
    async def reading(
        self, spans: Mapping[TopicPartition, Span], *, keep: Keep | None = None
    ) -> AsyncIterator["Reading"]:
        """See Reader."""
        async with self._consumer() as consumer:
            yield Reading(consumer, spans, keep)

    async def records(
        self, spans: Mapping[TopicPartition, Span], *, keep: Keep | None = None
    ) -> AsyncGenerator[list[Record]]:
        """See Reader."""
        if not any(len(span) for span in spans.values()):
            return
        async with self.reading(spans, keep=keep) as reading:
            while not reading.done:
                yield await reading.any()

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            **self._settings.aiokafka(),
            client_id=self._name,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # Of several partitions one may have reached its end: the others must not wait for it.
            fetch_max_wait_ms=20,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_bytes=FETCH_ALL_BYTES,
            request_timeout_ms=int(SILENCE_S * 1000),
        )
        try:
            await consumer.start()
            # Its own task must have begun before it is stopped, or stopping is taken for a cancellation of ours.
            await asyncio.sleep(0)
            yield consumer
        except KafkaError as error:
            raise LogSilent(f"Kafka does not answer as it should: {type(error).__name__}: {error}") from error
        finally:
            await consumer.stop()


class Reading:
    """See Reads."""

    def __init__(self, consumer: AIOKafkaConsumer, spans: Mapping[TopicPartition, Span], keep: Keep | None) -> None:
        self._consumer = consumer
        self._spans = {partition: span for partition, span in spans.items() if len(span)}
        self._at = {partition: span.begin for partition, span in self._spans.items()}
        self._keep = keep
        self.read = 0
        consumer.assign(list(self._spans))
        for partition, span in self._spans.items():
            consumer.seek(partition, span.begin)

    @property
    def done(self) -> bool:
        """See Reads."""
        return all(self.ended(partition) for partition in self._spans)

    def ended(self, partition: TopicPartition) -> bool:
        """See Reads."""
        span = self._spans.get(partition)
        return span is None or self._at[partition] >= span.end

    async def any(self) -> list[Record]:
        """See Reads."""
        return await self._fetch([partition for partition in self._spans if not self.ended(partition)])

    async def of(self, partition: TopicPartition) -> list[Record]:
        """See Reads."""
        return await self._fetch([partition])

    async def _fetch(self, partitions: list[TopicPartition]) -> list[Record]:
        deadline = time.monotonic() + SILENCE_S
        while True:
            batches = await self._consumer.getmany(*partitions, timeout_ms=1_000, max_records=RECORDS)
            found = [from_aiokafka(one) for messages in batches.values() for one in messages if self._wants(one)]
            moved = [await self._advance(partition) for partition in partitions]
            if any(moved):
                return found
            if time.monotonic() > deadline:
                raise LogSilent(f"nothing arrived from {partitions[0].topic} for {SILENCE_S:.0f} s")

    def _wants(self, message: "ConsumerRecord[bytes, bytes]") -> bool:
        partition = TopicPartition(message.topic, message.partition)
        if message.offset >= self._spans[partition].end:
            return False
        return self._keep is None or bool(self._keep(message.key, message.value))

    async def _advance(self, partition: TopicPartition) -> bool:
        """Take note of how far the partition is: the position passes what compaction has removed."""
        span = self._spans[partition]
        now = min(await self._consumer.position(partition), span.end)
        moved = now - self._at[partition]
        self.read += moved
        self._at[partition] = now
        if now >= span.end:
            self._consumer.pause(partition)
        return bool(moved > 0)


async def _numbers(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    consumer._client.add_topic(topic)
    await consumer._client.force_metadata_update()
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise NoTopic(f"there is no topic {topic} in this Kafka: make the topics with `kaiwa topics`")
    return sorted(numbers)
