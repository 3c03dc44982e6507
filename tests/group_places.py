"""Where a consumer group stands, and where it shall begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition


async def ends_of(kafka: Mapping[str, Any], topic: str) -> dict[TopicPartition, int]:
    """Where each partition of the topic ends now; `kafka`: what aiokafka needs to reach the broker."""
    async with AIOKafkaConsumer(topic, **kafka) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(consumer.assignment()))
        return ends


async def begin_at_the_end(kafka: Mapping[str, Any], group: str, *topics: str) -> None:
    """Let the group, which has no member yet, read only what comes from now on: what others left is not its work.

    Its commits are the longest finished prefix, so one record that it stops before, of another test's, would bring
    the records behind it again.
    """
    for topic in topics:
        ends = await ends_of(kafka, topic)
        async with member_of(kafka, group) as consumer:
            consumer.assign(list(ends))
            await consumer.commit(ends)


def member_of(kafka: Mapping[str, Any], group: str) -> AIOKafkaConsumer:
    """A consumer that reads and writes the group's places and commits nothing by itself; unconnected."""
    return AIOKafkaConsumer(**kafka, group_id=group, enable_auto_commit=False)
