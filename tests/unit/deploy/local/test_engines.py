"""The engines answer, can be taken away and come back with what they held."""

from __future__ import annotations

import uuid
from typing import Any

import boto3
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import kafka
from deploy.local.engines import DynamoDBEngine, Engines

pytestmark = pytest.mark.engine


async def test_kafka_answers_and_takes_a_topic_and_a_record(engines: Any) -> None:
    topic = f"engines-{uuid.uuid4().hex}"
    await _make(engines.kafka.bootstrap, topic)
    await _produce(engines.kafka.bootstrap, topic, b"here")
    assert await _first(engines.kafka.bootstrap, topic) == b"here"


def test_dynamodb_local_answers_signed_requests(engines: Any) -> None:
    assert _client(engines.dynamodb).list_tables()["ResponseMetadata"]["HTTPStatusCode"] == 200


async def test_what_kafka_acknowledged_is_there_after_a_kill(engines: Any) -> None:
    own = engines.own.kafka()
    await _make(own.bootstrap, "kept")
    await _produce(own.bootstrap, "kept", b"before the kill")
    own.kill()
    assert not kafka.answers(own.port)
    own.start()
    assert await _first(own.bootstrap, "kept") == b"before the kill"
    own.stop()


def test_an_engine_that_is_paused_does_not_answer_until_it_is_resumed(engines: Any) -> None:
    own: DynamoDBEngine = engines.own.dynamodb()
    own.pause()
    assert own.child is not None
    assert own.child.missing() is not None
    own.resume()
    own.wait_ready()
    own.kill()


def test_a_listener_that_is_not_ours_is_never_taken_for_our_engine(engines: Any) -> None:
    own = Engines()
    try:
        second = own.dynamodb(wait=False)
        assert second.child is not None
        second.child.spec = engines.dynamodb.spec
        assert second.child.missing() == f"it does not listen on port {engines.dynamodb.port} yet"
    finally:
        own.close()


def _client(engine: DynamoDBEngine) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=engine.endpoint,
        region_name=engine.region,
        aws_access_key_id=engine.access_key_id,
        aws_secret_access_key=engine.secret_access_key,
    )


async def _make(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def _produce(bootstrap: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait(topic, value)


async def _first(bootstrap: str, topic: str) -> bytes:
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        return bytes((await consumer.getone()).value)
