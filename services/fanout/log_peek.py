"""Looks at single places of chat.rooms, outside any group: when was this record stored, where does that time begin."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.consumers import stop_consumer
from chassis.settings import KafkaSettings

_PEEK_MS = 5_000


class LogUnreadable(Exception):
    """The record at an offset did not come."""

    code = "LOG_UNREADABLE"
    retryable = True


class LogPeek:
    """One consumer without a group, started at the first question and kept; takeovers ask one after the other."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None

    async def range(self, partition: TopicPartition) -> tuple[int, int]:
        """See PeekPort."""
        consumer = await self._started()
        first = await consumer.beginning_offsets([partition])
        end = await consumer.end_offsets([partition])
        return int(first[partition]), int(end[partition])

    async def time_of(self, partition: TopicPartition, offset: int) -> int:
        """See PeekPort; raises LogUnreadable."""
        consumer = await self._started()
        consumer.assign([partition])
        try:
            consumer.seek(partition, offset)
            batches = await consumer.getmany(partition, timeout_ms=_PEEK_MS, max_records=1)
        finally:
            # What is assigned is fetched on and on.
            consumer.unsubscribe()
        for message in batches.get(partition, ()):
            return int(message.timestamp)
        raise LogUnreadable(f"no record of {partition.topic} {partition.partition} at {offset}")

    async def offset_at(self, partition: TopicPartition, time_ms: int) -> int | None:
        """See PeekPort."""
        consumer = await self._started()
        found = (await consumer.offsets_for_times({partition: time_ms}))[partition]
        return None if found is None else int(found.offset)

    async def close(self) -> None:
        """Let go of the connections."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await stop_consumer(consumer)

    async def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(**self._settings.aiokafka(), client_id="fanout-peek", enable_auto_commit=False)
            try:
                await consumer.start()
            except BaseException:
                await stop_consumer(consumer)
                raise
            self._consumer = consumer
        return self._consumer
