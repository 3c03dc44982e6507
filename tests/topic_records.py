"""What stands in a topic, read to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition


async def topic_records(kafka: Mapping[str, Any], topic: str, *, since_ms: int = 0) -> list[ConsumerRecord]:
    """All records written at `since_ms` or later, up to where each partition ends now.

    `kafka`: what aiokafka needs to reach the broker. In the order of each partition.
    """
    consumer = AIOKafkaConsumer(topic, **kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    # Not `async with`, which leaves it open when whoever waits gives up during its start.
    try:
        await consumer.start()
        return await _read(consumer, await _spans(consumer, since_ms))
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> list[ConsumerRecord]:
    found: list[ConsumerRecord] = []
    while any([await consumer.position(part) < end for part, end in ends.items()]):
        for messages in (await consumer.getmany(timeout_ms=100)).values():
            found += messages
    return found


async def _spans(consumer: AIOKafkaConsumer, since_ms: int) -> dict[TopicPartition, int]:
    parts = list(consumer.assignment())
    ends: dict[TopicPartition, int] = await consumer.end_offsets(parts)
    begins = await consumer.offsets_for_times(dict.fromkeys(parts, since_ms)) if since_ms else {}
    for part, begin in begins.items():
        consumer.seek(part, ends[part] if begin is None else begin.offset)
    return ends
