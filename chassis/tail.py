"""Reads whole topics, outside any group, from the beginning, and follows them (spec 11).

For views that every process holds of everything: leases, controls, where users are. Nothing is committed; a restart
reads all again. `wait_ready` returns when the end as it was at the start has been passed.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from chassis import metrics
from chassis.backoff import Backoff
from chassis.consumers import stop_consumer
from chassis.health import Health
from chassis.logs import get_logger
from chassis.records import Record, from_aiokafka
from chassis.settings import KafkaSettings

_log = get_logger(__name__)

POLL_MS = 500
READ_WELL_S = 60.0
"""What ended after so long had begun well: the next try comes soon."""
OnRecord = Callable[[Record], None]
OnBad = Callable[[Record, Exception], None]


class Tail:
    """Hands every record of some topics, in the order of each partition, to a function that must not await."""

    def __init__(
        self,
        *,
        name: str,
        settings: KafkaSettings,
        topics: Sequence[str],
        on_record: OnRecord,
        health: Health,
        on_bad: OnBad | None = None,
        partitions: Callable[[TopicPartition], bool] = lambda _partition: True,
    ) -> None:
        """`on_bad` hears of records that `on_record` refused, but only of those that came after the start."""
        self._name = name
        self._settings = settings
        self._topics = list(topics)
        self._on_record = on_record
        self._on_bad = on_bad
        self._health = health
        self._wanted = partitions
        self._ready = asyncio.Event()
        self._moved = asyncio.Event()
        self._consumer: AIOKafkaConsumer | None = None
        self._partitions: list[TopicPartition] = []
        self._read: dict[TopicPartition, int] = {}

    @property
    def ready(self) -> bool:
        """Whether the end as it was at the start has been passed."""
        return self._ready.is_set()

    async def wait_ready(self) -> None:
        """Return when `ready`."""
        await self._ready.wait()

    async def run(self) -> None:
        """Read until cancelled; an outage of Kafka is waited out."""
        self._health.set(self._name, f"reading {', '.join(self._topics)}")
        backoff = Backoff(first_s=0.2)
        while True:
            began = time.monotonic()
            try:
                await self._read_all()
            except (KafkaError, OSError, TimeoutError) as error:
                _log.warning("a tail starts again", tail=self._name, error=f"{type(error).__name__}: {error}")
                self._health.set(self._name, "Kafka cannot be reached")
            if time.monotonic() - began >= READ_WELL_S:
                backoff.reset()
            await backoff.wait()

    async def catch_up(self, limit_s: float = 5.0) -> None:
        """Return when everything that is in the topics now has been read.

        Raises TimeoutError after `limit_s`, or when Kafka does not say where the end is.
        """
        async with asyncio.timeout(limit_s):
            await self._ready.wait()
            if self._consumer is None:
                raise TimeoutError
            try:
                ends = await self._consumer.end_offsets(self._partitions)
            except (KafkaError, ConsumerStoppedError) as error:
                raise TimeoutError(f"{type(error).__name__}: {error}") from error
            await self._pass(ends)

    async def _read_all(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._settings.aiokafka(),
            client_id=self._name,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=500,
            metadata_max_age_ms=60_000,
        )
        try:
            await consumer.start()
            self._partitions = await self._find_partitions(consumer)
            consumer.assign(self._partitions)
            # After an outage it goes on where it was: the view has not forgotten.
            for partition in self._partitions:
                if partition in self._read:
                    consumer.seek(partition, self._read[partition])
            # All at once: one after the other, each waits for the fetch that the one before it has begun (0.5 s).
            if fresh := [partition for partition in self._partitions if partition not in self._read]:
                await consumer.seek_to_beginning(*fresh)
            self._consumer = consumer
            ends = await consumer.end_offsets(self._partitions)
            await self._follow(consumer, ends)
        finally:
            self._consumer = None
            await stop_consumer(consumer)

    async def _find_partitions(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        found: list[TopicPartition] = []
        for topic in self._topics:
            numbers = await self._numbers(consumer, topic)
            found.extend(TopicPartition(topic, number) for number in sorted(numbers))
        return [partition for partition in found if self._wanted(partition)]

    async def _numbers(self, consumer: AIOKafkaConsumer, topic: str) -> set[int]:
        consumer._client.add_topic(topic)
        await consumer._client.force_metadata_update()
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise OSError(f"the topic {topic} does not exist: run kaiwa topics")
        return set(numbers)

    async def _follow(self, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> None:
        while True:
            self._mark_ready(ends)
            batches = await consumer.getmany(timeout_ms=POLL_MS)
            for messages in batches.values():
                for message in messages:
                    self._hand(from_aiokafka(message))
            for partition in self._partitions:
                # The position passes offsets that compaction removed.
                self._read[partition] = max(self._read.get(partition, 0), await consumer.position(partition))
            self._moved.set()

    def _mark_ready(self, ends: dict[TopicPartition, int]) -> None:
        if all(self._read.get(partition, 0) >= end for partition, end in ends.items()):
            self._ready.set()
            self._health.set(self._name, None)

    def _hand(self, record: Record) -> None:
        try:
            self._on_record(record)
        except Exception as error:  # noqa: BLE001 - one bad record must not blind the view to all that follow
            metrics.TAIL_BAD.labels(record.topic).inc()
            _log.error(
                "a record was passed over",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                error=f"{type(error).__name__}: {error}"[:300],
            )
            if self._on_bad is not None and self.ready:
                self._on_bad(record, error)

    async def _pass(self, ends: dict[TopicPartition, int]) -> None:
        while any(self._read.get(partition, 0) < end for partition, end in ends.items()):
            self._moved.clear()
            await self._moved.wait()
