import asyncio
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka import TopicPartition
from faust.exceptions import ConsumerNotStarted

from chassis.settings import KafkaSettings
from contracts.topics import CONNECTIONS
from services.presence import stream as module
from services.presence.stream import Stream, credentials, options
from tests.unit.services.presence.log import settings


class Taken:
    def __init__(self) -> None:
        self.records: list[Any] = []


def made() -> Stream:
    return Stream(settings(kafka_bootstrap="one:9092, two:9093"), Taken(), SimpleNamespace())  # type: ignore[arg-type]


def test_faust_is_told_every_broker_and_keeps_its_hands_off_topics_and_offsets() -> None:
    app = made()._app
    assert [str(url) for url in app.conf.broker] == ["kafka://one:9092", "kafka://two:9093"]
    assert not app.conf.topic_allow_declare
    assert app.conf.topic_disable_leader
    assert not app.conf.web_enabled
    assert not app.in_transaction
    (agent,) = app.agents.values()
    assert agent.channel.get_topic_name() == CONNECTIONS.name
    assert not agent.channel.acks


def test_faust_takes_nothing_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", "kafka://elsewhere")
    monkeypatch.setenv("PROCESSING_GUARANTEE", "exactly_once")
    app = made()._app
    assert "elsewhere" not in str(app.conf.broker)
    assert not app.in_transaction


def test_the_session_ends_before_a_lapse_would_be_noticed_too_late() -> None:
    chosen = options(settings(presence_session_timeout_s=8.0))
    assert chosen["broker_session_timeout"] == 8.0
    assert chosen["broker_heartbeat_interval"] < 8.0 / 2


def test_without_tls_and_sasl_there_are_no_credentials() -> None:
    assert credentials(settings()) is None


def test_sasl_and_tls_are_those_of_the_other_clients() -> None:
    secured = settings(
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="SCRAM-SHA-256",
        kafka_sasl_username="presence",
        kafka_sasl_password="secret",
    )
    found = credentials(secured)
    assert isinstance(found, faust.SASLCredentials)
    same = KafkaSettings.aiokafka(secured)
    assert found.protocol.value == same["security_protocol"]
    assert found.mechanism.value == same["sasl_mechanism"]
    assert (found.username, found.password) == ("presence", "secret")
    assert found.ssl_context is not None
    assert "secret" not in repr(found)


def test_sasl_without_tls_has_no_context() -> None:
    plain = settings(
        kafka_security_protocol="SASL_PLAINTEXT", kafka_sasl_username="presence", kafka_sasl_password="secret"
    )
    found = credentials(plain)
    assert isinstance(found, faust.SASLCredentials)
    assert (found.protocol.value, found.ssl_context) == ("SASL_PLAINTEXT", None)


def test_tls_alone_is_a_context() -> None:
    assert isinstance(credentials(settings(kafka_security_protocol="SSL")), faust.SSLCredentials)


@pytest.mark.parametrize("value", [b"\xff\x00", None, b""])
async def test_faust_decodes_nothing_and_so_drops_nothing(value: bytes | None) -> None:
    app = made()._app
    message = SimpleNamespace(key=b"k", value=value, headers=None)
    event = await module._Raw().compile(app)(message, propagate=True)
    assert event.message is message


def test_a_record_is_the_brokers_to_the_millisecond() -> None:
    for timestamp in (1_753_900_200_003, 1_753_900_200_999, 4_102_444_800_001):
        message = SimpleNamespace(
            topic="t",
            partition=2,
            offset=9,
            timestamp=timestamp / 1000.0,
            key=b"alice",
            value=None,
            headers=(("traceparent", b"00"),),
        )
        found = module._record(message)
        assert (found.timestamp, found.partition, found.offset) == (timestamp, 2, 9)
        assert (found.key, found.value, found.headers) == (b"alice", None, (("traceparent", b"00"),))


async def test_a_commit_task_that_dies_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = made()

    async def die() -> None:
        raise RuntimeError("the loop of commits is broken")

    async def nothing(*_: object) -> None:
        return

    ended: list[str] = []

    async def end() -> None:
        ended.append("stream")

    monkeypatch.setattr(stream._app, "start", nothing)
    monkeypatch.setattr(stream, "_commit_often", die)
    monkeypatch.setattr(stream, "_commit", nothing)
    monkeypatch.setattr(stream, "_end", end)
    monkeypatch.setattr(stream, "_holding", SimpleNamespace(let_go=nothing))
    monkeypatch.setattr(stream, "_health", SimpleNamespace(set=lambda *_: None))
    with pytest.raises(RuntimeError, match="commits is broken"):
        await asyncio.wait_for(stream.run(asyncio.Event()), 10)
    assert ended == ["stream"]


class Driver:
    """Faust's thread, and the consumer inside it."""

    def __init__(self, marks: dict[int, int | None]) -> None:
        self.marks = marks

    def _ensure_consumer(self) -> Any:
        return self

    async def call_thread(self, ask: Any, consumer: Any) -> Any:
        return await ask(consumer)

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(CONNECTIONS.name, number) for number in self.marks}

    def highwater(self, place: TopicPartition) -> int | None:
        return self.marks[place.partition]


async def test_lag_is_told_of_partitions_that_are_assigned_and_were_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, told = made(), list[Any]()
    holding = SimpleNamespace(numbers={0, 1, 2}, count_lag=told.append)
    monkeypatch.setattr(stream, "_holding", holding)
    monkeypatch.setattr(
        stream, "_app", SimpleNamespace(consumer=SimpleNamespace(_thread=Driver({0: 7, 1: None, 5: 3})))
    )
    await stream._count_lag()
    assert told == [{0: 7}]


async def test_lag_that_cannot_be_told_now_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, told = made(), list[Any]()
    monkeypatch.setattr(stream, "_holding", SimpleNamespace(numbers={0}, count_lag=told.append))

    async def away(*_: object) -> None:
        raise ConsumerNotStarted

    monkeypatch.setattr(stream, "_in_driver", away)
    await stream._count_lag()
    assert told == []
