"""aiokafka's consumers as we begin and end them."""

import asyncio
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from chassis.logs import get_logger
from chassis.settings import KafkaSettings

_log = get_logger(__name__)

SESSION_TIMEOUT_MS = 10_000
STOP_LIMIT_S = 10.0
CUT_OFF_LIMIT_S = 1.0


def group_consumer(settings: KafkaSettings, name: str, group: str, instance_id: str | None) -> AIOKafkaConsumer:
    """A consumer of a group that commits nothing by itself; unconnected.

    `instance_id` makes it a static member, which is back after a restart without a rebalance.
    """
    return AIOKafkaConsumer(
        **settings.aiokafka(),
        client_id=instance_id or name,
        group_id=group,
        group_instance_id=instance_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=SESSION_TIMEOUT_MS,
        heartbeat_interval_ms=2_000,
        rebalance_timeout_ms=60_000,
        fetch_max_wait_ms=500,
        metadata_max_age_ms=30_000,
        partition_assignment_strategy=(RangePartitionAssignor,),
    )


async def stop_consumer(consumer: Any, *, limit_s: float = STOP_LIMIT_S) -> None:
    """Leave the group and close the connections; after `limit_s` seconds the connections are closed without goodbye.

    A consumer waits for its coordinator's answers, and a broker that is away gives none. Raises nothing of Kafka's:
    the group notices by itself that a member has gone.
    """
    try:
        async with asyncio.timeout(limit_s):
            await consumer.stop()
    except (TimeoutError, KafkaError, OSError) as error:
        _log.warning("a consumer did not close cleanly", error=f"{type(error).__name__}: {error}")
        with suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(CUT_OFF_LIMIT_S):
                await _cut_off(consumer)


async def _cut_off(consumer: Any) -> None:
    if consumer._fetcher is not None:
        await consumer._fetcher.close()
    await consumer._client.close()
