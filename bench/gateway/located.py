"""What the log says of a gateway: what is pushed to it must name its epoch and its connections."""

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer

from contracts.connections import Connected
from contracts.topics import CONNECTIONS, GATEWAYS

_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Where:
    """Its epoch, and who has which connection."""

    epoch: str
    ids: dict[str, str]


async def located(bootstrap: str, count: int) -> Where:
    """Where `count` people are, in the order in which they came. Raises TimeoutError."""
    ids: dict[str, str] = {}
    epoch = ""
    async with AIOKafkaConsumer(
        CONNECTIONS.name, GATEWAYS.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        while len(ids) < count or not epoch:
            async with asyncio.timeout(_WITHIN_S):
                message = await consumer.getone()
            event = (CONNECTIONS if message.topic == CONNECTIONS.name else GATEWAYS).decode(message.value)
            epoch = getattr(event, "epoch", epoch)
            if isinstance(event, Connected):
                ids[event.user_id] = event.connection_id
    return Where(epoch, ids)
