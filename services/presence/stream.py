"""The Faust app on chat.connections: raw events in; offsets out, when we say so (design 3).

Faust 0.15.3's traps, and what is done about each:
- an agent that raises has its event acknowledged: ours only hands records on, and never raises;
- it acknowledges what it skips during a rebalance, so its commits can pass work that nobody did, and so do
  acknowledgements out of order (#606): the topic has `acks=False`, so Faust commits nothing, and we what is done;
- a record that its codecs refuse is dropped: bytes are not decoded at all (`_Raw`);
- records of an older generation of the group may still be in its buffers: each is taken with its generation;
- its tables, web server, leader election, topic creation, data folder and `exactly_once` are not used.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import faust
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.exceptions import FaustError
from faust.types.auth import SASLMechanism

from chassis.health import Health
from chassis.logs import get_logger
from chassis.records import Record
from contracts.topics import CONNECTIONS
from services.presence.holding import Holding
from services.presence.settings import PresenceSettings

_log = get_logger(__name__)

PART = "group"
COMMIT_INTERVAL_S = 0.5
COMMIT_LIMIT_S = 10.0
LAG_LIMIT_S = 1.0
STOP_LIMIT_S = 10.0
BUFFERED_EVENTS = 256


class _Raw(faust.Schema[Any, Any]):
    """Hands records on as they are: nothing in them can be refused here, not even a missing value."""

    def compile(self, app: Any, **_options: Any) -> Callable[..., Awaitable[Any]]:
        async def decode(message: Any, **_how: Any) -> Any:
            return app.create_event(b"", b"", {}, message)

        return decode


class _App(faust.App):
    async def on_first_start(self) -> None:
        """Faust makes a data folder in the working directory here; without tables there is nothing to put in it."""


class StreamCrashed(Exception):
    """Faust has given up; a new app may do better."""

    code = "STREAM_CRASHED"
    retryable = True


class Stream:
    """One life of a Faust app."""

    def __init__(self, settings: PresenceSettings, holding: Holding, health: Health) -> None:
        self._holding = holding
        self._health = health
        self._app = self._make(settings)

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`, then end what was begun and leave the group; raises StreamCrashed."""
        self._health.set(PART, "not yet in its consumer group")
        committing = asyncio.create_task(self._commit_often())
        try:
            await self._run(stop, committing)
        finally:
            committing.cancel()
            await asyncio.gather(committing, return_exceptions=True)
            try:
                await self._commit(await self._holding.let_go())
            finally:
                await self._end()

    async def _run(self, stop: asyncio.Event, committing: "asyncio.Task[None]") -> None:
        starting = asyncio.create_task(self._app.start())
        crashed = asyncio.create_task(self._app._crashed.wait())
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({starting, crashed, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done() and (error := starting.exception()) is not None:
                raise StreamCrashed(f"it cannot start: {type(error).__name__}: {error}") from error
            await asyncio.wait({crashed, stopped, committing}, return_when=asyncio.FIRST_COMPLETED)
            if committing.done():
                committing.result()
            if not stop.is_set():
                raise StreamCrashed(f"{self._app.crash_reason!r}")
        finally:
            for task in (starting, crashed, stopped):
                task.cancel()
            await asyncio.gather(starting, crashed, stopped, return_exceptions=True)

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._app.stop()
        except Exception as error:  # noqa: BLE001 - whatever Faust does at its end: all that is ours is done
            _log.warning("the stream did not end cleanly", error=f"{type(error).__name__}: {error}")

    # What Faust calls

    async def _hand_on(self, stream: Any) -> None:
        async for event in stream.noack().events():
            message = event.message
            await self._holding.take(_record(message), message.generation_id)

    async def _assigned(self, _app: Any, /, *args: Any, **_: Any) -> None:
        numbers = frozenset(place.partition for place in args[0] if place.topic == CONNECTIONS.name)
        await self._holding.assigned(numbers, self._app.consumer_generation_id)
        self._health.set(PART, None)

    async def _revoked(self, _app: Any, /, *_args: Any, **_: Any) -> None:
        await self._commit(await self._holding.let_go())

    # Commits

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_INTERVAL_S)
            await self._commit(self._holding.due())
            self._holding.count()
            await self._count_lag()

    async def _commit(self, offsets: dict[int, int]) -> None:
        if not offsets:
            return
        places = {TopicPartition(CONNECTIONS.name, number): offset for number, offset in offsets.items()}
        try:
            await self._in_driver(lambda consumer: consumer.commit(places), COMMIT_LIMIT_S)
        except (KafkaError, FaustError, TimeoutError, OSError, ValueError) as error:
            # At worst these events are read again, and that is harmless.
            _log.warning("offsets were not committed", error=f"{type(error).__name__}: {error}")
        else:
            self._holding.committed(offsets)

    async def _count_lag(self) -> None:
        places = [TopicPartition(CONNECTIONS.name, number) for number in self._holding.numbers]

        async def marks(consumer: Any) -> dict[int, int | None]:
            # What the last fetch said: asking the broker would keep one of the driver's two workers from commits.
            return {place.partition: consumer.highwater(place) for place in places if place in consumer.assignment()}

        try:
            ends = await self._in_driver(marks, LAG_LIMIT_S) if places else {}
        except (KafkaError, FaustError, TimeoutError, OSError, ValueError):
            # The group changes, or its thread is busy: the next round tells.
            return
        self._holding.count_lag({number: end for number, end in ends.items() if end is not None})

    async def _in_driver(self, ask: Callable[[Any], Awaitable[Any]], limit_s: float) -> Any:
        """Await `ask(aiokafka's consumer)` in Faust's thread."""
        thread: Any = getattr(self._app.consumer, "_thread")  # noqa: B009 - Faust's interface leaves its driver out
        consumer = thread._ensure_consumer()
        async with asyncio.timeout(limit_s):
            return await thread.call_thread(ask, consumer)

    def _make(self, settings: PresenceSettings) -> faust.App:
        app = _App(settings.presence_group, **options(settings))
        topic = app.topic(CONNECTIONS.name, schema=_Raw(), partitions=settings.partitions, acks=False)
        app.agent(topic, concurrency=1, name="connections")(self._hand_on)
        app.on_partitions_assigned.connect(self._assigned, weak=False)
        app.on_partitions_revoked.connect(self._revoked, weak=False)
        return app


def options(settings: PresenceSettings) -> dict[str, Any]:
    """Faust's settings, each said out loud."""
    return {
        # Faust lets variables of the environment (BROKER_URL, …) win over what it is told, unless they have a prefix.
        "env_prefix": "KAIWA_FAUST_",
        "broker": [f"kafka://{server}" for server in settings.bootstrap_servers],
        "broker_credentials": credentials(settings),
        "broker_client_id": settings.instance_id or "presence",
        "broker_session_timeout": settings.presence_session_timeout_s,
        "broker_heartbeat_interval": 2.0,
        "broker_rebalance_timeout": 60.0,
        "broker_request_timeout": 40.0,
        "broker_max_poll_interval": 600.0,
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": settings.instance_id,
        "producer_acks": -1,
        "processing_guarantee": "at_least_once",
        "store": "memory://",
        "stream_buffer_maxsize": BUFFERED_EVENTS,
        "stream_recovery_delay": 0.0,
        "stream_wait_empty": False,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "topic_partitions": settings.partitions,
        "web_enabled": False,
    }


def credentials(settings: PresenceSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """TLS and SASL as the chassis has them."""
    context = settings.tls()
    if settings.uses_sasl and settings.kafka_sasl_password is not None:
        return faust.SASLCredentials(
            username=settings.kafka_sasl_username,
            password=settings.kafka_sasl_password.get_secret_value(),
            ssl_context=context,
            mechanism=SASLMechanism(settings.kafka_sasl_mechanism),
        )
    return None if context is None else faust.SSLCredentials(context)


def _record(message: Any) -> Record:
    # Faust makes seconds of the broker's milliseconds; a float of this size is exact to far less than one.
    return Record(
        message.topic,
        message.partition,
        message.offset,
        round(message.timestamp * 1000),
        message.key,
        message.value,
        tuple(message.headers or ()),
    )
