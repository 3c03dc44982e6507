"""The process `api` on the real engines, with persistence absent: a test says what it decides, row by row."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import UNSET, Struct

from chassis.actions import Delete, Put
from chassis.health import Health
from chassis.items import item
from chassis.process import Stop
from chassis.projection.profiles import rows_of_profile
from chassis.table import Table
from chassis.table_schema import ensure_table
from chassis.topics import ensure_topics
from contracts import table as keys
from contracts.envelope import Event
from contracts.rows import (
    DirectoryRow,
    LastMessageRow,
    MembershipRow,
    MessageRow,
    OutcomeRow,
    ProfileRow,
    RoomRow,
)
from contracts.submissions import Submission
from contracts.table import Key
from contracts.timestamps import iso
from contracts.topics import BY_NAME, CONTROLS, SUBMISSIONS, USERS
from contracts.users import ProfileUpdated
from services.persistence.api.app import Api, build
from services.persistence.api.settings import ApiSettings
from tests import tokens
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

T0 = 1_753_900_000_000


@dataclass
class Answered:
    """What came back."""

    status: int
    body: Any
    headers: dict[str, str]


class Log:
    """What the api writes into the topics, from now on; `decide` is asked about each event."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self.events: list[Event] = []
        self.keys: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, bytes]] = {}
        self.decide: Callable[[Event, int], Any] = lambda _event, _offset: None

    async def follow(self, ready: asyncio.Event) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = [
                TopicPartition(topic.name, number)
                for topic in (SUBMISSIONS, USERS, CONTROLS)
                for number in await _numbers(consumer, topic.name)
            ]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            ready.set()
            async for message in consumer:
                await self._take(message)
        finally:
            await consumer.stop()

    async def _take(self, message: Any) -> None:
        event = BY_NAME[message.topic].decode(message.value)
        self.events.append(event)
        self.keys[event.event_id] = message.key
        self.headers[event.event_id] = dict(message.headers)
        decided = self.decide(event, message.offset)
        if asyncio.iscoroutine(decided):
            await decided

    def of(self, room_or_user: str) -> list[Any]:
        return [e for e in self.events if room_or_user in (getattr(e, "chat_room_id", 0), getattr(e, "user_id", 0))]


class Bench:
    """The running api, a client for it, its table, its log."""

    def __init__(self, api: Api, health: Health, table: Table, log: Log, session: aiohttp.ClientSession) -> None:
        self.api = api
        self.health = health
        self.table = table
        self.log = log
        self.session = session
        self.origin = f"http://127.0.0.1:{api.port}"
        self.answers: dict[str, list[str]] = defaultdict(list)
        """For each room what its next submissions are answered with; none: no answer."""
        log.decide = self._as_persistence_would
        self.deaf_to: set[str] = set()
        """Users whose profiles are not written."""

    async def ask(
        self,
        method: str,
        path: str,
        *,
        by: str | None = "alice",
        groups: list[str] | None = None,
        claims: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Answered:
        sent = dict(headers or {})
        if by is not None:
            said = {"sub": by, "name": f"{by} of the token", "cognito:groups": groups} | (claims or {})
            made = tokens.claims(**said)
            sent.setdefault("Authorization", f"Bearer {tokens.token(made)}")
        async with self.session.request(method, f"{self.origin}{path}", headers=sent, **options) as answer:
            is_json = "json" in answer.headers.get("Content-Type", "")
            body = await (answer.json(content_type=None) if is_json else answer.text())
            return Answered(answer.status, body, {name.lower(): value for name, value in answer.headers.items()})

    async def put(self, key: Key, row: Struct) -> None:
        await self.table.write(Put(item(key, row)))

    async def profile(self, user_id: str, name: str, status: Any = "approved") -> None:
        row = ProfileRow(
            position=-1, user_id=user_id, verification_status=status, display_name=name, updated_at=iso(T0)
        )
        await self.put(keys.profile(user_id), row)
        named = DirectoryRow(position=-1, user_id=user_id, display_name=name)
        await self.put(keys.directory_name(name, user_id), named)

    async def room(self, *people: str, name: str = "A room", room_id: str | None = None, created_ms: int = T0) -> str:
        room_id = room_id or unique("room")
        row = RoomRow(
            position=1,
            chat_room_id=room_id,
            name=name,
            participant_ids=people,
            created_by=people[0],
            created_at=iso(created_ms),
        )
        await self.put(keys.room(room_id), row)
        for user_id in people:
            await self.member(user_id, room_id)
        return room_id

    async def member(self, user_id: str, room_id: str, last_read_seq: int = 0) -> None:
        row = MembershipRow(position=1, chat_room_id=room_id, joined_at=iso(T0), last_read_seq=last_read_seq)
        await self.put(keys.membership(user_id, room_id), row)

    async def messages(self, room_id: str, count: int, *, start: int = T0, text: str = "m") -> None:
        times = [start + number * 10 for number in range(1, count + 1)]
        await asyncio.gather(*(self._message(room_id, n, at, text) for n, at in enumerate(times, start=1)))
        last = LastMessageRow(
            position=count,
            last_message_at=iso(times[-1]),
            last_message=f"{text} {count}"[:100],
            message_id=f"id-{count}",
            sender_id="bob",
            seq=count,
        )
        await self.put(keys.last_message(room_id), last)

    async def _message(self, room_id: str, number: int, at: int, text: str) -> None:
        row = MessageRow(
            position=number,
            message_id=f"id-{number}",
            chat_room_id=room_id,
            sender_id="bob",
            content=f"{text} {number}",
            message_type="user",
            created_at=iso(at),
            timestamp=at,
            seq=number,
            client_message_id=f"key-{number}" if number % 2 else UNSET,
        )
        await self.put(keys.message(room_id, at, row.message_id), row)

    async def outcome(self, event_id: str, code: str, room_id: str | None, ttl: int | None = None) -> None:
        row = OutcomeRow(
            position=1,
            code=code,
            chat_room_id=UNSET if room_id is None else room_id,
            ttl=ttl if ttl is not None else int(time.time()) + 86_400,
        )
        await self.put(keys.outcome(event_id), row)

    async def forget(self, *found: Key) -> None:
        for key in found:
            await self.table.write(Delete(key))

    async def _as_persistence_would(self, event: Event, offset: int) -> None:
        if isinstance(event, Submission) and self.answers[event.chat_room_id]:
            await self.outcome(event.event_id, self.answers[event.chat_room_id].pop(0), event.chat_room_id)
        if isinstance(event, ProfileUpdated) and event.user_id not in self.deaf_to:
            await self._fold(event, offset)
            await self.outcome(event.event_id, "OK", None)

    async def _fold(self, event: ProfileUpdated, offset: int) -> None:
        key = keys.profile(event.user_id)
        held = await self.api.parts.records.profile(event.user_id)
        made = rows_of_profile(event, offset, {} if held is None else {key: held}).get(key)
        if made is not None:
            await self.put(key, made)


async def _numbers(consumer: Any, topic: str) -> set[int]:
    consumer._client.add_topic(topic)
    await consumer._client.force_metadata_update()
    return consumer.partitions_for_topic(topic) or set()


def unique(kind: str) -> str:
    """An id that no other test has."""
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def settings_of(engines: RunningEngines, jwks_url: str, **changes: Any) -> ApiSettings:
    """Settings for the shared engines, with a table of their own."""
    values: dict[str, Any] = {
        "kafka_bootstrap": engines.kafka.bootstrap,
        "table": unique("api"),
        "dynamodb_endpoint": engines.dynamodb.endpoint,
        "region": engines.dynamodb.region,
        "access_key_id": engines.dynamodb.access_key_id,
        "secret_access_key": engines.dynamodb.secret_access_key,
        "issuer": tokens.ISSUER,
        "client_id": tokens.CLIENT_ID,
        "jwks_url": jwks_url,
        "http_port": 0,
        "websocket_url": "ws://127.0.0.1:9/prod",
        "http_rate": 10_000,
        "http_burst": 10_000,
        **changes,
    }
    return ApiSettings(**values)


@asynccontextmanager
async def running(settings: ApiSettings, *, prepared: bool = True) -> AsyncIterator[Bench]:
    """The api, ready where `prepared`; ended and awaited on the way out."""
    if prepared:
        await asyncio.to_thread(ensure_table, settings)
        await ensure_topics(settings)
    health, stop, following = Health(), Stop(), asyncio.Event()
    api, table, log = build(settings, health), Table(settings), Log(settings.kafka_bootstrap)
    health.started()
    tasks = [asyncio.create_task(api.run(stop))]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        try:
            if prepared:
                tasks.append(asyncio.create_task(log.follow(following)))
                await asyncio.wait_for(following.wait(), 20)
                await eventually(lambda: health.ready, within_s=30)
            yield Bench(api, health, table, log, session)
        finally:
            stop.ask()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks[1:], return_exceptions=True)
            await asyncio.wait_for(tasks[0], 20)
            await table.close()


@asynccontextmanager
async def api_on(engines: RunningEngines, **changes: Any) -> AsyncIterator[Bench]:
    """The api with a key server of its own."""
    async with tokens.key_server() as keys_of_issuer, running(settings_of(engines, keys_of_issuer.url, **changes)) as b:
        yield b
