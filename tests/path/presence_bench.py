"""A gateway as presence sees it, and presence itself on the real engines."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from chassis.health import Health
from chassis.process import Stop
from chassis.table import Table
from chassis.table_schema import ensure_table
from chassis.topics import ensure_topics
from contracts import ids, table
from contracts.connections import Connected, Disconnected
from contracts.envelope import Event, encode
from contracts.gateways import LeaseRenewed
from contracts.timestamps import iso
from contracts.topics import BY_NAME, CONNECTIONS, DEAD_LETTERS, GATEWAYS, PRESENCE
from services.presence.app import build
from services.presence.settings import PresenceSettings
from tests.topic_records import topic_records

if TYPE_CHECKING:
    from deploy.local.engines import DynamoDBEngine, KafkaEngine


def now() -> str:
    return iso(int(time.time() * 1000))


def envelope() -> dict[str, Any]:
    return {"event_id": ids.new_event_id(), "occurred_at": now()}


class Desk:
    """A gateway as presence sees it, and presence itself in this process."""

    def __init__(self, settings: PresenceSettings, producer: AIOKafkaProducer) -> None:
        self.settings = settings
        self.producer = producer
        self.gateway = f"gw-{uuid.uuid4().hex[:6]}"
        self.epoch = ids.new_epoch()
        self.table = Table(settings)
        self.running: list[tuple[Stop, asyncio.Task[None], Health]] = []
        self.began_ms = int(time.time() * 1000) - 1

    async def publish(self, topic: str, key: str, event: Event | bytes | None) -> int:
        value = encode(event) if isinstance(event, Event) else event
        return int((await self.producer.send_and_wait(topic, value, key=key.encode())).offset)

    async def renew(self, epoch: str | None = None) -> None:
        lease = LeaseRenewed(
            **envelope(), gateway_id=self.gateway, epoch=epoch or self.epoch, address="http://127.0.0.1:1/prod"
        )
        await self.publish(GATEWAYS.name, self.gateway, lease)

    async def connect(self, user: str, epoch: str | None = None) -> str:
        connection_id = ids.new_connection_id(epoch or self.epoch)
        event = Connected(
            **envelope(),
            connection_id=connection_id,
            user_id=user,
            gateway_id=self.gateway,
            epoch=epoch or self.epoch,
            connected_at=now(),
            source_ip="127.0.0.1",
        )
        await self.publish(CONNECTIONS.name, user, event)
        return connection_id

    async def disconnect(self, user: str, connection_id: str) -> None:
        event = Disconnected(
            **envelope(),
            connection_id=connection_id,
            user_id=user,
            gateway_id=self.gateway,
            epoch=self.epoch,
            code=1000,
            reason="",
        )
        await self.publish(CONNECTIONS.name, user, event)

    def start(self, **changes: Any) -> Health:
        settings = self.settings.model_copy(update=changes)
        health, stop = Health(), Stop()
        health.started()
        task = asyncio.create_task(build(settings, health).run(stop))
        self.running.append((stop, task, health))
        return health

    async def stop(self) -> None:
        for stop, _, _ in self.running:
            stop.ask()
        await asyncio.gather(*(task for _, task, _ in self.running))
        self.running.clear()

    async def rows(self, user: str, connection_id: str) -> list[dict[str, Any]]:
        keys = [table.connection(connection_id), table.user_connection(user, connection_id)]
        return list((await self.table.batch_get(keys)).values())

    async def has_rows(self, user: str, connection_id: str, count: int) -> bool:
        return len(await self.rows(user, connection_id)) == count

    async def events(self, topic: str, wanted: Callable[[Any], bool]) -> list[Any]:
        found = await topic_records(self.settings.aiokafka(), topic, since_ms=self.began_ms)
        if topic == DEAD_LETTERS.name:
            return [message for message in found if wanted(message)]
        decoded = []
        for message in found:
            with contextlib.suppress(Exception):
                decoded.append(BY_NAME[topic].decode(message.value))
        return [event for event in decoded if wanted(event)]

    async def has_letters(self, count: int, *keys: bytes) -> bool:
        return len(await self.events(DEAD_LETTERS.name, lambda message: message.key in keys)) >= count

    async def uncommitted(self) -> int:
        """Events that the group has not committed."""
        group = self.settings.presence_group
        async with AIOKafkaConsumer(**self.settings.aiokafka(), group_id=group, enable_auto_commit=False) as consumer:
            places = [TopicPartition(CONNECTIONS.name, number) for number in range(self.settings.partitions)]
            ends = await consumer.end_offsets(places)
            return sum([ends[place] - (await consumer.committed(place) or 0) for place in places])

    async def is_all_committed(self) -> bool:
        return await self.uncommitted() == 0

    async def last_presence(self, user: str) -> Any:
        events = await self.events(PRESENCE.name, lambda event: event.user_id == user)
        return events[-1] if events else None

    async def presence_is(self, user: str, status: str, connections: int) -> bool:
        last = await self.last_presence(user)
        return last is not None and (last.status, len(last.connections)) == (status, connections)


def settings_on(kafka: "KafkaEngine", dynamodb: "DynamoDBEngine", **changes: Any) -> PresenceSettings:
    """Settings on these engines, with a table and a group of their own, and quick."""
    own = uuid.uuid4().hex[:6]
    settings = PresenceSettings(
        kafka_bootstrap=kafka.bootstrap,
        dynamodb_endpoint=dynamodb.endpoint,
        region=dynamodb.region,
        access_key_id=dynamodb.access_key_id,
        secret_access_key=dynamodb.secret_access_key,
        table=f"presence-{own}",
        presence_group=f"presence-{own}",
        offline_grace_s=1.0,
        retire_delay_s=0.5,
        presence_session_timeout_s=6.0,
    )
    return settings.model_copy(update=changes)


@contextlib.asynccontextmanager
async def desk_on(settings: PresenceSettings) -> AsyncIterator[Desk]:
    """A desk whose gateway holds a lease; what runs is stopped at the end."""
    await ensure_topics(settings)
    await asyncio.to_thread(ensure_table, settings)
    async with AIOKafkaProducer(**settings.aiokafka(), max_request_size=5_000_000) as producer:
        made = Desk(settings, producer)
        await made.renew()
        try:
            yield made
        finally:
            await made.stop()
            await made.table.close()


def person() -> str:
    """A user of one test."""
    return f"u-{uuid.uuid4().hex[:8]}"
