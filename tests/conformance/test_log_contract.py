"""What replay expects of a log's reader: the real one on Kafka and the double in memory pass the same tests."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from chassis.log_reader import LogReader, NoTopic, Reader, Span, partition_of
from chassis.records import Record
from chassis.settings import KafkaSettings
from tests.doubles.log import MemoryLog
from tests.waiting import eventually

KEYS = [f"key-{number}" for number in range(9)]


Expire = Callable[[str, int, int], Awaitable[None]]
"""Retention takes what stands before an offset of a partition."""


class Given:
    """A topic of three partitions with forty records."""

    def __init__(self, reader: Reader, topic: str, times: list[int], expire: Expire) -> None:
        self.reader = reader
        self.expire = expire
        self.topic = topic
        self.times = times

    @property
    def partitions(self) -> list[TopicPartition]:
        return [TopicPartition(self.topic, number) for number in range(3)]

    async def all(self, **keep: Any) -> list[Record]:
        spans = await self.reader.bounds(self.topic)
        return [record async for batch in self.reader.records(spans, **keep) for record in batch]


async def in_memory() -> Given:
    topic = f"t-{uuid.uuid4().hex[:8]}"
    log = MemoryLog(topics=[topic])
    records = [log.append(topic, KEYS[n % 9], str(n).encode(), (("h", b"v"),)) for n in range(40)]

    async def expire(name: str, partition: int, begin: int) -> None:
        log.expire(name, partition, begin)

    return Given(log, topic, [record.timestamp for record in records], expire)


async def in_kafka(bootstrap: str) -> Given:
    topic, settings = f"t-{uuid.uuid4().hex[:8]}", KafkaSettings(kafka_bootstrap=bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    configs = {"message.timestamp.type": "LogAppendTime"}
    await admin.create_topics([NewTopic(topic, 3, 1, topic_configs=configs)])
    await admin.close()
    reader = LogReader(settings, name="test")
    await eventually(lambda: _stands(reader, topic), within_s=30)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        sent = [
            await producer.send_and_wait(topic, str(n).encode(), key=KEYS[n % 9].encode(), headers=[("h", b"v")])
            for n in range(40)
        ]

    async def expire(name: str, partition: int, begin: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        place = TopicPartition(name, partition)
        await admin.delete_records({place: RecordsToDelete(before_offset=begin)})
        await admin.close()

        async def is_gone() -> bool:
            return (await reader.bounds(name))[place].begin == begin

        await eventually(is_gone, within_s=30)

    return Given(reader, topic, [one.timestamp for one in sent], expire)


async def _stands(reader: Reader, topic: str) -> bool:
    try:
        return len(await reader.bounds(topic)) == 3
    except NoTopic:
        return False


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.engine)], scope="module")
async def given(request: pytest.FixtureRequest) -> AsyncIterator[Given]:
    if request.param == "memory":
        yield await in_memory()
    else:
        yield await in_kafka(request.getfixturevalue("engines").kafka.bootstrap)


async def test_all_records_come_those_of_a_partition_in_order_with_headers_and_times(given: Given) -> None:
    found = await given.all()
    assert sorted(int(one.value or b"") for one in found) == list(range(40))
    for partition in given.partitions:
        offsets = [one.offset for one in found if one.partition == partition.partition]
        assert offsets == list(range(len(offsets)))
    assert all(one.headers == (("h", b"v"),) for one in found)
    assert sorted(one.timestamp for one in found) == sorted(given.times)


async def test_a_key_stands_where_kafkas_own_rule_puts_it(given: Given) -> None:
    assert {(one.key, one.partition) for one in await given.all()} == {
        (key.encode(), partition_of(key, 3)) for key in KEYS
    }


async def test_a_span_holds_what_is_in_it_and_no_more(given: Given) -> None:
    place = TopicPartition(given.topic, partition_of(KEYS[0], 3))
    spans = {place: Span(2, 4)}
    found = [one async for batch in given.reader.records(spans) for one in batch]
    assert [one.offset for one in found] == [2, 3]
    assert [one async for batch in given.reader.records({place: Span(3, 3)}) for one in batch] == []
    assert [one async for batch in given.reader.records({}) for one in batch] == []


async def test_what_is_filtered_out_does_not_come_and_still_counts_as_read(given: Given) -> None:
    wanted = KEYS[3].encode()
    found = await given.all(keep=lambda key, _value: key == wanted)
    assert {one.key for one in found} == {wanted}
    spans = await given.reader.bounds(given.topic)
    async with given.reader.reading(spans, keep=lambda _key, _value: False) as reading:
        while not reading.done:
            assert await reading.any() == []
        assert reading.read == 40


async def test_partitions_can_be_asked_one_by_one(given: Given) -> None:
    spans = await given.reader.bounds(given.topic)
    async with given.reader.reading(spans) as reading:
        for partition in given.partitions[::-1]:
            while not reading.ended(partition):
                assert {one.partition for one in await reading.of(partition)} <= {partition.partition}
        assert reading.done


async def test_a_time_is_the_first_offset_at_it_or_later(given: Given) -> None:
    found = await given.all()
    middle = sorted(given.times)[20]
    offsets = await given.reader.offsets_at(given.partitions, middle)
    for partition in given.partitions:
        later = [one.offset for one in found if one.partition == partition.partition and one.timestamp >= middle]
        assert offsets[partition] == min(later, default=None)
    assert set((await given.reader.offsets_at(given.partitions, max(given.times) + 10_000)).values()) == {None}
    assert await given.reader.offsets_at([], middle) == {}


async def test_a_topic_that_is_not_there_is_told(given: Given) -> None:
    with pytest.raises(NoTopic):
        await given.reader.bounds("there-is-no-such-topic")


async def test_what_retention_has_taken_is_told_by_where_the_partition_begins(given: Given) -> None:
    """The last test of this module: it takes records away."""
    place = TopicPartition(given.topic, partition_of(KEYS[0], 3))
    before = (await given.reader.bounds(given.topic))[place]
    await given.expire(given.topic, place.partition, 2)
    after = (await given.reader.bounds(given.topic))[place]
    assert (before.begin, after.begin, after.end) == (0, 2, before.end)
    found = [one async for batch in given.reader.records({place: after}) for one in batch]
    assert [one.offset for one in found] == list(range(2, after.end))
