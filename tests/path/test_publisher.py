"""The way into Kafka, on a real broker that pauses and refuses."""

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.publisher import Overloaded, Publisher, PublishFailed, RecordTooLarge
from chassis.records import Outgoing
from chassis.settings import KafkaSettings
from contracts.limits import DEAD_LETTER_BYTES
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


async def new_topic(settings: KafkaSettings, **configs: str) -> str:
    topic = f"t-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(**settings.aiokafka())
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=configs)])
    finally:
        await admin.close()
    return topic


async def values(settings: KafkaSettings, topic: str) -> list[bytes | None]:
    found: list[bytes | None] = []
    async with AIOKafkaConsumer(
        topic, **settings.aiokafka(), auto_offset_reset="earliest", max_partition_fetch_bytes=DEAD_LETTER_BYTES
    ) as consumer:
        (place,) = consumer.assignment()
        end = (await consumer.end_offsets([place]))[place]
        while await consumer.position(place) < end:
            found += [m.value for m in (await consumer.getmany(timeout_ms=100)).get(place, [])]
    return found


@pytest.fixture
def settings(engines: "RunningEngines") -> KafkaSettings:
    return KafkaSettings(kafka_bootstrap=engines.kafka.bootstrap)


async def test_what_is_enqueued_first_stands_first(settings: KafkaSettings) -> None:
    topic = await new_topic(settings)
    async with Publisher(settings, name="order") as publisher:
        futures = [publisher.enqueue(Outgoing(topic, "k", b"%d" % n)) for n in range(500)]
        positions = await asyncio.gather(*futures)
    assert [position.offset for position in positions] == list(range(500))
    assert await values(settings, topic) == [b"%d" % n for n in range(500)]


async def test_a_broker_that_pauses_fills_the_bounded_buffer_and_acks_late_in_order(
    engines: "RunningEngines",
) -> None:
    own = engines.own.kafka()
    settings = KafkaSettings(kafka_bootstrap=own.bootstrap)
    topic = await new_topic(settings)
    async with Publisher(settings, name="paused", max_records=10) as publisher:
        await publisher.publish([Outgoing(topic, "k", b"first")])
        own.pause()
        try:
            futures = [publisher.enqueue(Outgoing(topic, "k", b"%d" % n)) for n in range(10)]
            with pytest.raises(Overloaded):
                publisher.enqueue(Outgoing(topic, "k", b"one too many"))
            waiting = asyncio.create_task(publisher.publish([Outgoing(topic, "k", b"waits for room")]))
            acked, _ = await asyncio.wait(futures, timeout=1.0)
            assert not acked
            assert not waiting.done()
        finally:
            own.resume()
        await asyncio.wait_for(asyncio.gather(*futures, waiting), 30)
        assert publisher.problem is None
    assert await values(settings, topic) == [b"first", *(b"%d" % n for n in range(10)), b"waits for room"]


async def test_a_record_over_the_producers_limit_is_too_large_and_its_neighbours_go_on(
    settings: KafkaSettings,
) -> None:
    topic = await new_topic(settings)
    async with Publisher(settings, name="large") as publisher:
        before = publisher.enqueue(Outgoing(topic, "k", b"before"))
        large = publisher.enqueue(Outgoing(topic, "k", b"x" * (DEAD_LETTER_BYTES + 1)))
        after = publisher.enqueue(Outgoing(topic, "k", b"after"))
        with pytest.raises(RecordTooLarge):
            await large
        assert [(await before).offset, (await after).offset] == [0, 1]


async def test_a_record_that_the_broker_refuses_is_too_large_and_later_ones_are_written(
    settings: KafkaSettings,
) -> None:
    topic = await new_topic(settings, **{"max.message.bytes": "10000"})
    async with Publisher(settings, name="refused") as publisher:
        await publisher.publish([Outgoing(topic, "k", b"before")])
        with pytest.raises(RecordTooLarge):
            await publisher.publish([Outgoing(topic, "k", b"x" * 20_000)])
        await asyncio.wait_for(publisher.publish([Outgoing(topic, "k", b"after")]), 20)
    assert await values(settings, topic) == [b"before", b"after"]


async def test_a_small_record_is_never_called_too_large_for_its_neighbours_sake(settings: KafkaSettings) -> None:
    topic = await new_topic(settings, **{"max.message.bytes": "10000"})
    async with Publisher(settings, name="together") as publisher:
        await publisher.publish([Outgoing(topic, "k", b"before")])
        messages = [Outgoing(topic, "k", value) for value in (b"small", b"x" * 20_000, b"small too")]
        outcomes = await asyncio.gather(*map(publisher.enqueue, messages), return_exceptions=True)
        assert isinstance(outcomes[1], RecordTooLarge)
        for outcome in (outcomes[0], outcomes[2]):
            assert not isinstance(outcome, BaseException) or isinstance(outcome, PublishFailed), outcome


async def test_what_a_broker_that_is_away_never_acknowledged_fails_at_the_end() -> None:
    publisher = Publisher(KafkaSettings(kafka_bootstrap="127.0.0.1:1"), name="away")
    await publisher.start()
    future = publisher.enqueue(Outgoing("t", "k", b"v"))
    await eventually(lambda: publisher.problem == "Kafka cannot be reached")
    await publisher.stop(limit_s=0.2)
    with pytest.raises(PublishFailed):
        await future
    with pytest.raises(PublishFailed):
        publisher.enqueue(Outgoing("t", "k", b"v"))
