"""Ends aiokafka's consumers within a limit, whatever they wait for."""

import asyncio
from contextlib import suppress
from typing import Any

from aiokafka.errors import KafkaError

from chassis.logs import get_logger

_log = get_logger(__name__)

STOP_LIMIT_S = 10.0
CUT_OFF_LIMIT_S = 1.0


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
