"""The Faust app around chat.connections: raw events in, acknowledgements back (design 3).

Faust's traps, and what is done about them: an agent that raises loses its event, so ours only hands on and never
raises; acknowledgements out of order may commit an event in flight, so each partition acknowledges in order; its own
retries, tables and web server are not used; a record's bytes are decoded by us.
"""

import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import faust
from faust.types.auth import SASLMechanism

from chassis.records import Record
from contracts.topics import CONNECTIONS
from services.presence.settings import PresenceSettings

OnEvent = Callable[[Record, Callable[[], Any]], Awaitable[None]]
OnPartitions = Callable[[frozenset[int]], Awaitable[None]]


def faust_app(
    settings: PresenceSettings, *, on_event: OnEvent, on_assigned: OnPartitions, on_revoked: OnPartitions
) -> faust.App:
    """A Faust app, not started. `on_event` gets each record and the function that acknowledges it."""
    app = faust.App(
        settings.presence_group,
        broker=[f"kafka://{server}" for server in settings.bootstrap_servers],
        broker_credentials=_credentials(settings),
        broker_session_timeout=settings.presence_session_timeout_s,
        broker_heartbeat_interval=2.0,
        broker_rebalance_timeout=30.0,
        broker_request_timeout=40.0,
        broker_commit_interval=0.5,
        broker_commit_every=1_000,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance_id,
        producer_acks=-1,
        stream_buffer_maxsize=1_000,
        stream_recovery_delay=0.0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        store="memory://",
        web_enabled=False,
    )
    topic = app.topic(CONNECTIONS.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def hand_on(stream: Any) -> None:
        async for event in stream.noack().events():
            await on_event(_record(event.message), event.ack)

    async def assigned(_app: Any, *args: Any, **_: Any) -> None:
        await on_assigned(frozenset(partition for name, partition in args[0] if name == CONNECTIONS.name))

    async def revoked(_app: Any, *args: Any, **_: Any) -> None:
        await on_revoked(frozenset(partition for name, partition in args[0] if name == CONNECTIONS.name))

    app.agent(topic, concurrency=1, name="connections")(hand_on)
    # Called with (app, partitions, signal=…); the published type knows neither form.
    app.on_partitions_assigned.connect(assigned, weak=False)  # type: ignore[arg-type]
    app.on_partitions_revoked.connect(revoked, weak=False)  # type: ignore[arg-type]
    return app


def _record(message: Any) -> Record:
    headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
    return Record(
        message.topic,
        message.partition,
        message.offset,
        int(message.timestamp * 1000) if message.timestamp < 10**11 else int(message.timestamp),
        message.key,
        message.value,
        tuple(headers),
    )


def _credentials(settings: PresenceSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    context: ssl.SSLContext | None = settings.tls()
    if settings.uses_sasl and settings.kafka_sasl_password is not None:
        return faust.SASLCredentials(
            username=settings.kafka_sasl_username,
            password=settings.kafka_sasl_password.get_secret_value(),
            ssl_context=context,
            mechanism=SASLMechanism(settings.kafka_sasl_mechanism),
        )
    return None if context is None else faust.SSLCredentials(context)
