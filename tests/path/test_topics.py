"""`kaiwa topics` and `kaiwa table` against the real broker and the real table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic

from chassis.dynamodb import dynamodb
from chassis.log_id import NoTable, OtherLog, ensure_log_id, log_id, read_log_id
from chassis.settings import KafkaSettings, TableSettings
from chassis.table_schema import check_table, ensure_table
from chassis.topic_ids import TopicIdentity, admin_client, read_topics, topic_ids
from chassis.topics import TopicRefused, check_topics, ensure_topics
from contracts.topics import BY_NAME, CONTROLS, GATEWAYS, ROOMS, SUBMISSIONS
from tests.waiting import eventually

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def kafka(engines: Any) -> Any:
    """A broker of our own: the names of the topics are fixed, and these tests delete some."""
    return engines.own.kafka()


@pytest.fixture
async def settings(kafka: Any) -> AsyncIterator[KafkaSettings]:
    settings = KafkaSettings.model_validate({"kafka_bootstrap": kafka.bootstrap, "partitions": 3})
    yield settings
    await _delete(settings, list(await topic_ids(settings)))


@pytest.fixture
def table(engines: Any, request: pytest.FixtureRequest) -> TableSettings:
    where = engines.dynamodb
    return TableSettings.model_validate(
        {
            "table": request.node.name,
            "dynamodb_endpoint": where.endpoint,
            "region": where.region,
            "access_key_id": where.access_key_id,
            "secret_access_key": where.secret_access_key,
        }
    )


async def test_missing_topics_are_named_then_created_as_they_should_be(settings: KafkaSettings) -> None:
    missing = await check_topics(settings)
    assert {found.subject for found in missing} == set(BY_NAME)
    assert {found.remedy for found in missing} == {"kaiwa topics"}
    assert set(await ensure_topics(settings)) == set(BY_NAME)
    assert await check_topics(settings) == []


async def test_creating_again_creates_nothing_and_keeps_the_ids(settings: KafkaSettings) -> None:
    await ensure_topics(settings)
    before = await topic_ids(settings)
    assert await ensure_topics(settings) == ()
    assert await topic_ids(settings) == before


async def test_two_that_create_at_once_both_succeed(settings: KafkaSettings) -> None:
    await asyncio.gather(ensure_topics(settings), ensure_topics(settings))
    assert await check_topics(settings) == []


async def test_the_site_chooses_the_partitions_and_ordered_topics_have_one(settings: KafkaSettings) -> None:
    await ensure_topics(settings)
    topics = await topic_ids(settings)
    assert (topics[SUBMISSIONS.name].partitions, topics[GATEWAYS.name].partitions) == (3, 1)
    assert topics[CONTROLS.name].partitions == 1


async def test_a_topic_made_again_has_another_id(settings: KafkaSettings) -> None:
    await ensure_topics(settings)
    before = await topic_ids(settings)
    await _delete(settings, [ROOMS.name])
    await ensure_topics(settings)
    after = await topic_ids(settings)
    assert before[ROOMS.name].id != after[ROOMS.name].id
    assert before[SUBMISSIONS.name] == after[SUBMISSIONS.name]


async def test_the_time_of_a_record_is_the_brokers(settings: KafkaSettings) -> None:
    await ensure_topics(settings)
    async with AIOKafkaProducer(**settings.aiokafka()) as producer:
        sent = await producer.send_and_wait(SUBMISSIONS.name, b"{}", timestamp_ms=1)
    assert sent.timestamp_type == 1
    assert sent.timestamp > 1


async def test_each_difference_is_named_with_the_command_that_mends_it(settings: KafkaSettings) -> None:
    await _create(settings, NewTopic(SUBMISSIONS.name, 2, 1, topic_configs={"retention.ms": "1000"}))
    await ensure_topics(settings)
    found = {(difference.subject, difference.what): difference for difference in await check_topics(settings)}
    assert {subject for subject, _ in found} == {SUBMISSIONS.name}
    assert found[SUBMISSIONS.name, "partitions"].remedy.startswith("KAIWA_PARTITIONS=2")
    assert (
        f"--entity-name {SUBMISSIONS.name} --add-config retention.ms=-1"
        in found[SUBMISSIONS.name, "retention.ms"].remedy
    )
    assert found[SUBMISSIONS.name, "message.timestamp.type"].found == "CreateTime"


async def test_production_wants_three_replicas_and_two_that_acknowledge(settings: KafkaSettings) -> None:
    await ensure_topics(settings)
    found = await check_topics(settings, production=True)
    assert {difference.what for difference in found} == {"replication", "min.insync.replicas"}
    assert {difference.subject for difference in found} == set(BY_NAME)


async def test_too_few_brokers_for_production_is_said_in_kafkas_words(settings: KafkaSettings) -> None:
    with pytest.raises(TopicRefused, match="replication"):
        await ensure_topics(settings, production=True)


def test_the_table_is_created_once_and_checks_out(table: TableSettings) -> None:
    assert [difference.remedy for difference in check_table(table)] == ["kaiwa table"]
    assert ensure_table(table) is True
    assert ensure_table(table) is False
    assert check_table(table) == []


def test_a_table_of_other_keys_is_named(table: TableSettings) -> None:
    dynamodb(table).create_table(
        TableName=table.table,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    assert [difference.what for difference in check_table(table)] == ["keys", "billing", "expiry"]


def test_the_table_remembers_the_first_topics_and_refuses_others(table: TableSettings) -> None:
    ensure_table(table)
    first = log_id({name: TopicIdentity(f"id of {name}", 3) for name in BY_NAME})
    other = log_id({name: TopicIdentity(f"new id of {name}", 3) for name in BY_NAME})
    assert read_log_id(table) is None
    assert ensure_log_id(table, first) is True
    assert ensure_log_id(table, first) is False
    with pytest.raises(OtherLog, match=f"{table.table} was written from other topics .*{SUBMISSIONS.name}"):
        ensure_log_id(table, other)
    assert read_log_id(table) == first


def test_without_a_table_the_topics_cannot_be_remembered(table: TableSettings) -> None:
    with pytest.raises(NoTable, match="kaiwa table"):
        ensure_log_id(table, log_id({name: TopicIdentity("id", 3) for name in BY_NAME}))


async def _create(settings: KafkaSettings, topic: NewTopic) -> None:
    async with admin_client(settings) as admin:
        await admin.create_topics([topic])


async def _delete(settings: KafkaSettings, names: list[str]) -> None:
    async with admin_client(settings) as admin:
        await admin.delete_topics(names)

        async def gone() -> bool:
            return not set(names) & set(await read_topics(admin))

        await eventually(gone)
