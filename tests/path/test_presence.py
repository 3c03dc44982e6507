"""Presence on the real engines, its neighbours absent: events in Kafka in, records and chat.presence out."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from chassis.health import Health
from chassis.process import Stop
from chassis.table import Table
from chassis.table_schema import ensure_table
from chassis.topics import ensure_topics
from contracts import ids, table
from contracts.connections import Connected, Disconnected
from contracts.controls import EpochLapsed
from contracts.envelope import Event, encode
from contracts.gateways import LeaseRenewed
from contracts.timestamps import epoch_ms, iso
from contracts.topics import BY_NAME, CONNECTIONS, CONTROLS, DEAD_LETTERS, GATEWAYS, PRESENCE
from services.presence.app import build
from services.presence.settings import PresenceSettings
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


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
        found = []
        async with AIOKafkaConsumer(topic, **self.settings.aiokafka(), auto_offset_reset="earliest") as consumer:
            ends = await consumer.end_offsets(list(consumer.assignment()))
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for messages in (await consumer.getmany(timeout_ms=100)).values():
                    found += messages
        if topic == DEAD_LETTERS.name:
            return [message for message in found if wanted(message)]
        decoded = []
        for message in found:
            with contextlib.suppress(Exception):
                decoded.append(BY_NAME[topic].decode(message.value))
        return [event for event in decoded if wanted(event)]

    async def last_presence(self, user: str) -> Any:
        events = await self.events(PRESENCE.name, lambda event: event.user_id == user)
        return events[-1] if events else None

    async def presence_is(self, user: str, status: str, connections: int) -> bool:
        last = await self.last_presence(user)
        return last is not None and (last.status, len(last.connections)) == (status, connections)


@pytest.fixture
async def desk(engines: "RunningEngines") -> AsyncIterator[Desk]:
    settings = PresenceSettings(
        kafka_bootstrap=engines.kafka.bootstrap,
        dynamodb_endpoint=engines.dynamodb.endpoint,
        region=engines.dynamodb.region,
        access_key_id=engines.dynamodb.access_key_id,
        secret_access_key=engines.dynamodb.secret_access_key,
        partitions=3,
        table=f"presence-{uuid.uuid4().hex[:6]}",
        presence_group=f"presence-{uuid.uuid4().hex[:6]}",
        offline_grace_s=1.0,
        presence_session_timeout_s=6.0,
    )
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
    return f"u-{uuid.uuid4().hex[:8]}"


async def test_a_connection_has_both_records_and_its_user_is_online_until_the_grace_has_passed(desk: Desk) -> None:
    health, user = desk.start(), person()
    connection_id = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, connection_id, 2), within_s=30)
    for row in await desk.rows(user, connection_id):
        assert int(row["ttl"]["N"]) == epoch_ms(row["connectedAt"]["S"]) // 1000 + 86_400
    await eventually(lambda: desk.presence_is(user, "online", 1))
    assert health.ready
    await desk.disconnect(user, connection_id)
    await eventually(lambda: desk.has_rows(user, connection_id, 0))
    await eventually(lambda: desk.presence_is(user, "online", 0))
    await eventually(lambda: desk.presence_is(user, "offline", 0))
    versions = [event.presence_version for event in await desk.events(PRESENCE.name, lambda e: e.user_id == user)]
    assert versions == sorted(versions)
    assert versions[-1] == 2


async def test_a_page_reload_shows_nothing(desk: Desk) -> None:
    desk.start(offline_grace_s=30.0)
    user = person()
    first = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, first, 2), within_s=30)
    await desk.disconnect(user, first)
    second = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, second, 2))
    await eventually(lambda: desk.presence_is(user, "online", 1))
    events = await desk.events(PRESENCE.name, lambda event: event.user_id == user)
    assert {(event.status, event.presence_version) for event in events} == {("online", 1)}


async def test_poison_is_put_aside_once_and_the_next_event_is_handled(desk: Desk) -> None:
    desk.start()
    user = person()
    right = await desk.connect(user)
    wrong_key = Disconnected(
        **envelope(), connection_id=right, user_id=user, gateway_id="g", epoch=desk.epoch, code=1, reason=""
    )
    poison: list[Event | bytes | None] = [
        b"not json",
        b"[]",
        b'{"type":"danced","version":1}',
        b'{"type":"connected","version":1}',
        None,
        b"x" * 1_000_000,
    ]
    offsets = [await desk.publish(CONNECTIONS.name, user, value) for value in poison]
    other = f"{user}-other"
    await desk.publish(CONNECTIONS.name, other, wrong_key)
    after = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, after, 2), within_s=30)
    await eventually(lambda: desk.has_rows(user, right, 2))
    keys = (user.encode(), other.encode())
    letters = await desk.events(DEAD_LETTERS.name, lambda message: message.key in keys)
    told = sorted(int(dict(letter.headers)["kaiwa-offset"]) for letter in letters if letter.key == keys[0])
    assert told == offsets
    assert len(letters) == len(poison) + 1
    assert {dict(letter.headers)["kaiwa-topic"] for letter in letters} == {CONNECTIONS.name.encode()}
    assert all(dict(letter.headers)["kaiwa-error"] for letter in letters)


async def test_a_new_epoch_retires_the_connections_of_the_old_one(desk: Desk) -> None:
    desk.start()
    user = person()
    connection_id = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, connection_id, 2), within_s=30)
    await desk.renew(ids.new_epoch())
    await eventually(lambda: desk.has_rows(user, connection_id, 0), within_s=20)
    await eventually(lambda: desk.presence_is(user, "offline", 0))
    late = await desk.connect(user)
    again = await desk.connect(user, epoch=ids.new_epoch())
    retired = await eventually(
        lambda: desk.events(CONNECTIONS.name, lambda e: e.connection_id in {late, again} and hasattr(e, "cause"))
    )
    assert retired[0].cause == "superseded"
    assert await desk.rows(user, late) == []


async def test_a_gateway_that_renews_no_more_lapses_after_nine_ticks(desk: Desk) -> None:
    desk.start(tick_interval_s=0.3)
    user = person()
    connection_id = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, connection_id, 2), within_s=30)
    await eventually(lambda: desk.has_rows(user, connection_id, 0), within_s=30)
    lapsed = await desk.events(CONTROLS.name, lambda e: isinstance(e, EpochLapsed) and e.gateway_id == desk.gateway)
    assert [event.epoch for event in lapsed][:1] == [desk.epoch]


async def test_the_21st_connection_of_a_user_is_closed(desk: Desk) -> None:
    desk.start(connections_per_user=2)
    user = person()
    connections = [await desk.connect(user) for _ in range(3)]
    orders = await eventually(
        lambda: desk.events(CONTROLS.name, lambda event: getattr(event, "user_id", "") == user), within_s=30
    )
    assert [(order.connection_id, order.code) for order in orders] == [(connections[2], 4409)]


async def test_who_was_left_half_way_goes_offline_after_a_restart(desk: Desk) -> None:
    desk.start(offline_grace_s=3600.0)
    user = person()
    connection_id = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, connection_id, 2), within_s=30)
    await desk.disconnect(user, connection_id)
    await eventually(lambda: desk.presence_is(user, "online", 0))
    await desk.stop()
    desk.start()
    await eventually(lambda: desk.presence_is(user, "offline", 0), within_s=30)


async def test_a_table_that_is_away_is_waited_for(desk: Desk, engines: "RunningEngines") -> None:
    own = engines.own.dynamodb()
    changes = {"dynamodb_endpoint": own.endpoint, "table_read_timeout_s": 0.5, "table_connect_timeout_s": 0.5}
    settings = desk.settings.model_copy(update=changes)
    await asyncio.to_thread(ensure_table, settings)
    desk.settings, desk.table = settings, Table(settings)
    health, user = desk.start(), person()
    first = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, first, 2), within_s=30)
    own.pause()
    second = await desk.connect(user)
    await eventually(lambda: any("partition" in part for part in health.missing()))
    own.resume()
    await eventually(lambda: desk.has_rows(user, second, 2), within_s=20)
    await eventually(lambda: health.ready)
    assert not await desk.events(DEAD_LETTERS.name, lambda message: message.key == user.encode())


async def test_two_workers_share_and_one_takes_over_without_a_flap(desk: Desk) -> None:
    desk.start(instance_id="one")
    desk.start(instance_id="two")
    users = [person() for _ in range(12)]
    connections = [await desk.connect(user) for user in users]
    for user, connection_id in zip(users, connections, strict=True):
        await eventually(partial(desk.has_rows, user, connection_id, 2), within_s=60)
    stop, task, _ = desk.running.pop()
    stop.ask()
    await task
    more = [await desk.connect(user) for user in users]
    for user, connection_id in zip(users, more, strict=True):
        await eventually(partial(desk.has_rows, user, connection_id, 2), within_s=60)
    events = await desk.events(PRESENCE.name, lambda event: event.user_id in users)
    assert {event.status for event in events} == {"online"}
