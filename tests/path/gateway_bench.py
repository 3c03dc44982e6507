"""Gateways on the real broker with all neighbours absent: tests are the browser, fan-out, and readers of the log."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import boto3
import websockets
import yarl
from aiokafka import AIOKafkaConsumer, TopicPartition
from botocore.config import Config

from chassis.health import Health
from chassis.process import Stop
from chassis.publisher import Publisher
from chassis.records import outgoing
from chassis.sigv4_sign import sign
from chassis.topics import ensure_topics
from contracts.connection_api import (
    BULK_CONTENT_TYPE,
    Push,
    PushAnswer,
    PushRequest,
    decode_push_answer,
    encode_bulk,
)
from contracts.envelope import Event
from contracts.topics import BY_NAME, CONNECTIONS, GATEWAYS, SIGNALS, SUBMISSIONS, Topic
from gateway.app import Gateway, build
from gateway.settings import GatewaySettings
from tests import tokens
from tests.waiting import eventually

if TYPE_CHECKING:
    pass

KEY_ID, SECRET, REGION = "main-key", "main-secret", "us-east-1"
Socket = websockets.ClientConnection


def unique(kind: str) -> str:
    """An id that no other test has."""
    return f"{kind}-{uuid.uuid4().hex[:8]}"


class Log:
    """What stands in the topics that a gateway writes, from the moment of `following`."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self.events: list[Any] = []
        self.headers: dict[str, dict[str, bytes]] = {}
        self.keys: dict[str, bytes] = {}

    async def follow(self, ready: asyncio.Event) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = [
                TopicPartition(topic.name, number)
                for topic in (CONNECTIONS, SUBMISSIONS, SIGNALS, GATEWAYS)
                for number in await _numbers(consumer, topic.name)
            ]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            for partition in partitions:
                await consumer.position(partition)
            ready.set()
            async for message in consumer:
                event = BY_NAME[message.topic].decode(message.value)
                self.events.append(event)
                self.headers[event.event_id] = dict(message.headers)
                self.keys[event.event_id] = message.key or b""
        finally:
            await consumer.stop()

    def of(self, kind: type[Event], **fields: Any) -> list[Any]:
        """The events of a type whose fields are these."""
        return [
            event
            for event in self.events
            if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items())
        ]


async def _numbers(consumer: Any, topic: str) -> set[int]:
    consumer._client.add_topic(topic)
    await consumer._client.force_metadata_update()
    return consumer.partitions_for_topic(topic) or set()


@dataclass
class Running:
    """One gateway in this process."""

    gateway: Gateway
    health: Health
    stop: Stop
    task: asyncio.Task[None]

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.gateway.port}/prod"

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.gateway.connection_api_port}/prod"

    @property
    def epoch(self) -> str:
        return self.gateway.parts.lease.epoch

    @property
    def gateway_id(self) -> str:
        return self.gateway.settings.gateway_id

    async def end(self) -> None:
        """Drain it, and return when it has ended."""
        self.stop.ask()
        await asyncio.wait_for(self.task, 40)

    def boto3(self, key_id: str = KEY_ID, secret: str = SECRET, retries: int = 0, region: str = REGION) -> Any:
        """An unmodified client of AWS's own."""
        return boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=self.api_url,
            region_name=region,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": retries + 1}, read_timeout=10, proxies={}),
        )


@dataclass
class Bench:
    """The broker, the issuer, the log, and any number of gateways."""

    bootstrap: str
    jwks_url: str
    log: Log
    session: aiohttp.ClientSession
    running: list[Running] = field(default_factory=list)
    clients: list[Socket] = field(default_factory=list)

    async def start(self, *, ready: bool = True, **changes: Any) -> Running:
        """One more gateway."""
        health, stop = Health(), Stop()
        gateway = build(self.settings(**changes), health)
        health.started()
        started = Running(gateway, health, stop, asyncio.create_task(gateway.run(stop)))
        self.running.append(started)
        if ready:
            await eventually(lambda: health.ready or started.task.done(), within_s=30)
        return started

    def settings(self, **changes: Any) -> GatewaySettings:
        values: dict[str, Any] = {
            "kafka_bootstrap": self.bootstrap,
            "issuer": tokens.ISSUER,
            "client_id": tokens.CLIENT_ID,
            "jwks_url": self.jwks_url,
            "gateway_id": unique("gateway"),
            "gateway_port": 0,
            "connection_api_port": 0,
            "access_key_id": KEY_ID,
            "secret_access_key": SECRET,
            "drain_s": 3.0,
            "allowed_origins": "http://localhost:5173",
            **changes,
        }
        return GatewaySettings(**values)

    async def connect(
        self, running: Running, user: str = "alice", *, features: str | None = None, **options: Any
    ) -> Socket:
        """A client of `user`, closed at the end of the test."""
        url = f"{running.url}?token={tokens.token(tokens.claims(sub=user))}"
        url += f"&features={features}" if features else ""
        client = await websockets.connect(url, proxy=None, compression=None, **options)
        self.clients.append(client)
        return client

    async def connection_id(self, user: str) -> str:
        """The id of the newest connection of a user."""
        from contracts.connections import Connected

        found = await eventually(lambda: self.log.of(Connected, user_id=user))
        return str(found[-1].connection_id)

    async def publish(self, topic: Topic, key: str, event: Event) -> None:
        """What a neighbour writes."""
        async with Publisher(_kafka(self.bootstrap), name="test") as publisher:
            await publisher.publish([outgoing(topic, key, event)])

    async def signed(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        key: tuple[str, str] = (KEY_ID, SECRET),
    ) -> tuple[int, bytes, dict[str, str]]:
        """A signed call as fan-out makes it."""
        made = sign(method, url, headers or {}, body, key_id=key[0], secret=key[1], region=REGION)
        return await self.call(method, url, body, headers=made)

    async def call(
        self, method: str, url: str, body: bytes = b"", *, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Any call, as it is."""
        request = self.session.request(method, yarl.URL(url, encoded=True), data=body, headers=headers)
        async with request as answer:
            return answer.status, await answer.read(), {k.lower(): v for k, v in answer.headers.items()}

    async def bulk(self, running: Running, *pushes: tuple[bytes, list[str]], **changes: Any) -> tuple[int, PushAnswer]:
        """One bulk push."""
        values: dict[str, Any] = {
            "gateway_id": running.gateway_id,
            "epoch": running.epoch,
            "worker_id": unique("worker"),
            "number": 1,
            "pushes": tuple(Push(payload, tuple(ids)) for payload, ids in pushes),
            **changes,
        }
        body = encode_bulk(PushRequest(**values))
        url = f"{running.api_url}/@pushes"
        status, answer, _ = await self.signed("POST", url, body, headers={"content-type": BULK_CONTENT_TYPE})
        return status, decode_push_answer(answer) if status == 200 else PushAnswer()


def connection_url(running: Running, connection_id: str) -> str:
    """Of the connection API, as boto3 writes it."""
    return f"{running.api_url}/@connections/{quote(connection_id, safe='')}"


async def frame(client: Socket, within_s: float = 10.0) -> Any:
    """The next frame."""
    return json.loads(await asyncio.wait_for(client.recv(), within_s))


async def say(client: Socket, action: str, **fields: Any) -> None:
    """Send a frame."""
    await client.send(json.dumps({"action": action, **fields}))


async def closed(client: Socket, within_s: float = 10.0) -> tuple[int, str]:
    """Code and reason, once it is closed."""
    await asyncio.wait_for(client.wait_closed(), within_s)
    return client.close_code or 0, client.close_reason or ""


def _kafka(bootstrap: str) -> Any:
    from chassis.settings import KafkaSettings

    return KafkaSettings(kafka_bootstrap=bootstrap, kafka_security_protocol="PLAINTEXT")


@asynccontextmanager
async def bench_on(bootstrap: str) -> AsyncIterator[Bench]:
    """A bench whose gateways and clients end with it."""
    await ensure_topics(_kafka(bootstrap))
    log, ready = Log(bootstrap), asyncio.Event()
    following = asyncio.create_task(log.follow(ready))
    timeout = aiohttp.ClientTimeout(total=20)
    async with tokens.key_server() as keys, aiohttp.ClientSession(timeout=timeout) as session:
        try:
            await asyncio.wait_for(ready.wait(), 30)
            bench = Bench(bootstrap, keys.url, log, session)
            yield bench
            await _end(bench)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _end(bench: Bench) -> None:
    for client in bench.clients:
        client.transport.abort()
    for running in bench.running:
        running.stop.ask()
    done = await asyncio.gather(*(running.task for running in bench.running), return_exceptions=True)
    failures = [error for error in done if isinstance(error, BaseException) and not bench_expected(error)]
    assert not failures, failures


def bench_expected(error: BaseException) -> bool:
    """Whether a gateway may end so in a test."""
    return getattr(error, "code", None) == "SUPERSEDED"
