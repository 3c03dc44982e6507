"""The log that a question is asked of: a deployment's topics, or those that a capsule was imported into (spec 12).

Records come with the contract's topic names. One that was imported has the place and time of its origin (spec 11), so
that the same question gives the same answer.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec
from aiokafka import TopicPartition

from chassis.log_reader import Keep, LogReader, Reader, Reads, Span, partition_of
from chassis.records import Record
from chassis.settings import KafkaSettings
from contracts.headers import ORIGIN
from contracts.timestamps import iso
from contracts.topics import Topic
from replay.origin import Manifest, capsule_topic, manifest_topic, read_manifest

CLIENT = "kaiwa-replay"


class Place(NamedTuple):
    """Where a record stands, or stood where it was first written."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Part(NamedTuple):
    """One partition of a topic, by the contract's name."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """Retention has taken what stood before: history begins here."""

    part: Part
    offset: int
    time: str | None
    """ISO 8601; None where nothing is left."""

    def __str__(self) -> str:
        when = self.time or "a time to come: nothing is left"
        return f"history of {self.part.topic}/{self.part.partition} begins at {when} (offset {self.offset})"


class Log:
    """`log = await Log.open(settings)`; what was appended since is seen after `refresh`."""

    def __init__(self, reader: Reader, capsule: str | None) -> None:
        self.capsule = capsule
        self.manifest: Manifest | None = None
        self._reader = reader
        self._spans: dict[Part, Span] = {}
        self._counts: dict[str, int] = {}

    @classmethod
    async def open(cls, settings: KafkaSettings, *topics: Topic, capsule: str | None = None) -> "Log":
        """The log as it stands now, of these topics. Raises chassis.log_reader.NoTopic or LogSilent."""
        return await cls.over(LogReader(settings, name=CLIENT), *topics, capsule=capsule)

    @classmethod
    async def over(cls, reader: Reader, *topics: Topic, capsule: str | None = None) -> "Log":
        """The same, read through `reader`."""
        log = cls(reader, capsule)
        if capsule is not None:
            log.manifest = await read_manifest(reader, manifest_topic(capsule))
        await log.refresh(*topics)
        return log

    async def refresh(self, *topics: Topic) -> None:
        """See what has been appended to these topics."""
        names = {self._kafka_name(topic.name): topic.name for topic in topics}
        for partition, span in (await self._reader.bounds(*names)).items():
            part = Part(names[partition.topic], partition.partition)
            self._spans[part] = span
            self._counts[part.topic] = max(self._counts.get(part.topic, 0), part.partition + 1)

    def parts(self, *topics: Topic) -> list[Part]:
        """All partitions of these topics."""
        return [Part(topic.name, number) for topic in topics for number in range(self._counts[topic.name])]

    def part_of(self, topic: Topic, key: str) -> Part:
        """The partition where records of this key stand."""
        return Part(topic.name, partition_of(key, self._counts[topic.name]))

    def count(self, topic: Topic) -> int:
        """Partitions of the topic."""
        return self._counts[topic.name]

    def span(self, part: Part) -> Span:
        """What the partition holds, in offsets of the Kafka that is read: those of a capsule are not its records'."""
        return self._spans[part]

    def end(self, part: Part) -> int:
        """The offset after the last one, as records name it."""
        return self._spans[part].end if self.manifest is None else self.manifest.end(part.topic, part.partition)

    def begin(self, part: Part) -> int:
        """The first offset that retention has left, as records name it."""
        return self._spans[part].begin if self.manifest is None else self.manifest.begin(part.topic, part.partition)

    async def between(
        self, parts: Iterable[Part], from_ms: int | None = None, to_ms: int | None = None
    ) -> dict[Part, Span]:
        """Stretches that hold all records from `from_ms` to `to_ms` (included), and little else."""
        spans = {part: self._spans[part] for part in parts}
        if self.manifest is not None:
            return spans
        begins = await self._offsets_at(spans, from_ms)
        ends = await self._offsets_at(spans, None if to_ms is None else to_ms + 1)
        return {part: Span(begins.get(part, span.begin), ends.get(part, span.end)) for part, span in spans.items()}

    async def _offsets_at(self, spans: Mapping[Part, Span], time_ms: int | None) -> dict[Part, int]:
        if time_ms is None:
            return {}
        partitions = {self._partition(part): part for part in spans}
        found = await self._reader.offsets_at(partitions, time_ms)
        return {
            part: spans[part].end if (at := found.get(partition)) is None else at
            for partition, part in partitions.items()
        }

    async def records(self, spans: Mapping[Part, Span], *, keep: Keep | None = None) -> AsyncGenerator[list[Record]]:
        """The records of these stretches in batches: those of a partition in order, partitions as they come."""
        kafka = {self._partition(part): span for part, span in spans.items()}
        async for batch in self._reader.records(kafka, keep=keep):
            yield [self.original(record) for record in batch]

    def reading(self, spans: Mapping[Part, Span], *, keep: Keep | None = None) -> AbstractAsyncContextManager[Reads]:
        """A reading of these stretches, to be asked partition by partition (see `partition`, `original`)."""
        return self._reader.reading({self._partition(part): span for part, span in spans.items()}, keep=keep)

    async def record_at(self, place: Place) -> Record | None:
        """The record that stands there; None where retention or compaction has taken it, or none was written yet."""
        part = Part(place.topic, place.partition)
        held = self._spans.get(part)
        if held is None:
            return None
        span = Span(place.offset, place.offset + 1) if self.manifest is None else held
        if self.manifest is None and not held.begin <= place.offset < held.end:
            return None
        async with aclosing(self.records({part: span})) as batches:
            async for batch in batches:
                for record in batch:
                    if record.offset == place.offset:
                        return record
        return None

    async def beginnings(self, topics: Sequence[Topic]) -> list[Beginning]:
        """Where history begins later than the topic did, of these topics; those that compaction thins are left out."""
        if self.manifest is not None:
            return [
                Beginning(Part(topic, partition), offset, time)
                for topic, partition, offset, time in self.manifest.beginnings
                if any(topic == one.name for one in topics)
            ]
        parts = self.parts(*(topic for topic in topics if not topic.compacted))
        return [await self._beginning(part) for part in parts if self._spans[part].begin > 0]

    async def _beginning(self, part: Part) -> Beginning:
        span = self._spans[part]
        first = await self.record_at(Place(*part, span.begin)) if len(span) else None
        return Beginning(part, span.begin, None if first is None else iso(first.timestamp))

    def partition(self, part: Part) -> TopicPartition:
        """The partition as Kafka names it."""
        return self._partition(part)

    def original(self, record: Record) -> Record:
        """The record with the place and time of its origin."""
        if not record.headers:
            return record
        raw = record.header(ORIGIN)
        if raw is None:
            return record
        origin = msgspec.json.decode(raw, type=Origin)
        return replace(
            record,
            topic=origin.topic,
            partition=origin.partition,
            offset=origin.offset,
            timestamp=origin.time,
            headers=tuple(header for header in record.headers if header[0] != ORIGIN),
        )

    def _kafka_name(self, topic: str) -> str:
        return topic if self.capsule is None else capsule_topic(self.capsule, topic)

    def _partition(self, part: Part) -> TopicPartition:
        return TopicPartition(self._kafka_name(part.topic), part.partition)


class Origin(msgspec.Struct, frozen=True):
    """The value of the header `kaiwa-origin`."""

    topic: str
    partition: int
    offset: int
    time: int
    """Broker time, epoch ms."""
