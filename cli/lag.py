"""How far each consumer group is behind on each topic."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


@dataclass(frozen=True)
class Lag:
    """Records of ``topic`` that ``group`` has not finished (committed) yet."""

    group: str
    topic: str
    records: int


async def lags(bootstrap: str, within_s: float = 5.0) -> list[Lag]:
    """Every group's lag by topic, in order of their names. Raises TimeoutError or aiokafka's KafkaError."""
    async with asyncio.timeout(within_s):
        committed = await _committed(bootstrap)
        ends = await _ends(bootstrap, {partition for _, partition in committed})
    found: dict[tuple[str, str], int] = {}
    for (group, partition), offset in committed.items():
        behind = max(0, ends.get(partition, offset) - offset)
        found[group, partition.topic] = found.get((group, partition.topic), 0) + behind
    return [Lag(group, topic, records) for (group, topic), records in sorted(found.items())]


async def _committed(bootstrap: str) -> dict[tuple[str, TopicPartition], int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        groups = [group for group, *_ in await admin.list_consumer_groups()]
        offsets = {group: await admin.list_consumer_group_offsets(group) for group in groups}
    finally:
        await admin.close()
    return {
        (group, partition): committed.offset
        for group, partitions in offsets.items()
        for partition, committed in partitions.items()
        if committed.offset >= 0
    }


async def _ends(bootstrap: str, partitions: set[TopicPartition]) -> dict[TopicPartition, int]:
    if not partitions:
        return {}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        return dict(await consumer.end_offsets(list(partitions)))
    finally:
        await consumer.stop()
