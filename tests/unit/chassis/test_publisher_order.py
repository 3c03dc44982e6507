"""The order of what is published, when partitions stand still and producers fail."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError, LeaderNotAvailableError, OutOfOrderSequenceNumber
from hypothesis import given
from hypothesis import strategies as st

from chassis import publisher as module
from chassis.publisher import Publisher, PublishFailed
from chassis.records import Outgoing
from chassis.settings import KafkaSettings
from tests.waiting import eventually

TOPIC = "t"
SETTINGS = KafkaSettings(kafka_bootstrap="127.0.0.1:1")


class Kafka:
    """A log of two partitions, and the faults that its producers are to meet, in turn."""

    def __init__(self) -> None:
        self.log: dict[int, list[bytes]] = {0: [], 1: []}
        self.producers = 0
        self.faults: list[str] = []
        self.away: set[int] = set()
        """Partitions without a leader: their batches stay full."""
        self.topics = {TOPIC}
        self.moved = asyncio.Event()


class Producer:
    """As much of aiokafka's as the publisher uses: a failed batch is the end of it."""

    def __init__(self, kafka: Kafka) -> None:
        self.kafka, self.broken = kafka, False
        kafka.producers += 1
        self.client = SimpleNamespace(cluster=self, _wait_on_metadata=self.wait_on_metadata)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {0, 1} if topic in self.kafka.topics else None

    async def wait_on_metadata(self, topic: str) -> None:
        await asyncio.sleep(0)
        if topic not in self.kafka.topics:
            raise LeaderNotAvailableError

    def _partition(self, _topic: str, _asked: None, _key: None, _value: None, key: bytes, _bytes: bytes) -> int:
        return key[-1] % 2

    async def start(self) -> None:
        await asyncio.sleep(0)

    async def stop(self) -> None:
        await asyncio.sleep(0)

    async def send(self, topic: str, value: bytes, *, key: bytes, partition: int, headers: Any) -> Any:
        del topic, key, headers
        fault = self.kafka.faults.pop(0) if self.kafka.faults else ""
        if fault == "full" or partition in self.kafka.away:
            await asyncio.sleep(0)
            raise KafkaTimeoutError
        future = asyncio.get_running_loop().create_future()
        # After a gap in the sequence the broker takes nothing more of this producer.
        if not self.broken and fault != "failed":
            self.kafka.log[partition].append(value)
        self.broken = self.broken or fault in {"failed", "written and failed"}
        asyncio.get_running_loop().call_soon(self._answer, future, partition)
        return future

    def _answer(self, future: "asyncio.Future[Any]", partition: int) -> None:
        if future.done():
            return
        if self.broken:
            future.set_exception(OutOfOrderSequenceNumber())
        else:
            offset = len(self.kafka.log[partition]) - 1
            future.set_result(SimpleNamespace(topic=TOPIC, partition=partition, offset=offset, timestamp=0))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_time(*_: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("chassis.backoff.Backoff.wait", no_time)


async def publishing(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> Publisher:
    monkeypatch.setattr(module, "AIOKafkaProducer", lambda **_: Producer(kafka))
    publisher = Publisher(SETTINGS, name="test")
    await publisher.start()
    return publisher


def last_stretch(log: list[bytes], values: list[bytes]) -> list[bytes]:
    """What a reader keeps that drops whatever is not above what it has seen."""
    kept: list[bytes] = []
    for value in log:
        if value in values and (not kept or value > kept[-1]):
            kept.append(value)
    return kept


FAULTS = st.lists(st.sampled_from(["", "", "full", "failed", "written and failed"]), max_size=12)


@given(faults=FAULTS, count=st.integers(1, 6))
async def test_a_list_that_is_published_until_it_is_acknowledged_is_never_overtaken_by_a_part_of_itself(
    faults: list[str], count: int
) -> None:
    kafka = Kafka()
    kafka.faults = list(faults)
    values = [b"%d" % number for number in range(count)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        publisher = await publishing(kafka, monkeypatch)
        async with asyncio.timeout(20):
            while True:
                try:
                    await publisher.publish([Outgoing(TOPIC, "k0", value) for value in values])
                    break
                except PublishFailed:
                    continue
            await publisher.stop()
    assert last_stretch(kafka.log[0], values) == values


async def test_a_partition_without_a_leader_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = Kafka()
    kafka.away.add(1)
    publisher = await publishing(kafka, monkeypatch)
    stuck = [publisher.enqueue(Outgoing(TOPIC, "k1", b"%d" % number)) for number in range(3)]
    async with asyncio.timeout(10):
        await publisher.publish([Outgoing(TOPIC, "k0", b"goes on")])
    assert not any(future.done() for future in stuck)
    kafka.away.clear()
    async with asyncio.timeout(10):
        await asyncio.gather(*stuck)
        await publisher.stop()
    assert kafka.log == {0: [b"goes on"], 1: [b"0", b"1", b"2"]}
    assert kafka.producers == 1


async def test_a_topic_that_is_not_there_fails_its_own_records_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = Kafka()
    publisher = await publishing(kafka, monkeypatch)
    absent = [publisher.enqueue(Outgoing("absent", "k0", b"%d" % number)) for number in range(2)]
    async with asyncio.timeout(10):
        await publisher.publish([Outgoing(TOPIC, "k0", b"goes on")])
        outcomes = await asyncio.gather(*absent, return_exceptions=True)
        await publisher.stop()
    assert all(isinstance(outcome, PublishFailed) for outcome in outcomes)
    assert kafka.producers == 1


async def test_what_waited_for_a_topics_partitions_keeps_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = Kafka()
    kafka.topics.clear()
    publisher = await publishing(kafka, monkeypatch)
    async with asyncio.timeout(10):
        await eventually(lambda: publisher.problem is None)
        first = publisher.enqueue(Outgoing(TOPIC, "k0", b"first"))
        kafka.topics.add(TOPIC)
        second = publisher.enqueue(Outgoing(TOPIC, "k0", b"second"))
        await asyncio.gather(first, second)
        await publisher.stop()
    assert kafka.log[0] == [b"first", b"second"]
