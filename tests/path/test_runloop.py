"""The run loop on a real broker: what is committed, repeated, put aside and handed over."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.batches import Handled, OnDeadLetter
from chassis.health import Health
from chassis.lanes import Limits
from chassis.publisher import Publisher
from chassis.records import Outgoing, Record
from chassis.runloop import RunLoop
from chassis.settings import KafkaSettings
from contracts.topics import DEAD_LETTERS
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


class Away(Exception):
    code = "AWAY"
    retryable = True


class Bench:
    """A topic of its own, a publisher, and loops that are stopped at the end."""

    def __init__(self, settings: KafkaSettings, publisher: Publisher, partitions: int) -> None:
        self.settings = settings
        self.publisher = publisher
        self.partitions = partitions
        self.topic = f"t-{uuid.uuid4().hex[:8]}"
        self.group = f"g-{self.topic}"
        self.loops: list[tuple[RunLoop, asyncio.Task[None]]] = []

    async def send(self, key: str, *values: bytes | None) -> None:
        await self.publisher.publish([Outgoing(self.topic, key, value) for value in values])

    def start(
        self,
        handler: Callable[[Sequence[Record]], Awaitable[Handled]],
        *,
        health: Health | None = None,
        limits: Limits | None = None,
        on_dead_letter: OnDeadLetter | None = None,
        instance_id: str | None = None,
    ) -> RunLoop:
        loop = RunLoop(
            name="bench",
            settings=self.settings,
            group=self.group,
            topics=[self.topic],
            handler=handler,
            publisher=self.publisher,
            health=health or Health(),
            limits=limits,
            on_dead_letter=on_dead_letter,
            instance_id=instance_id,
        )
        self.loops.append((loop, asyncio.create_task(loop.run())))
        return loop

    async def stop(self) -> None:
        for loop, _ in self.loops:
            loop.stop()
        await asyncio.gather(*(task for _, task in self.loops))
        self.loops.clear()

    async def committed(self) -> int:
        async with AIOKafkaConsumer(
            **self.settings.aiokafka(), group_id=self.group, enable_auto_commit=False
        ) as consumer:
            offsets = [await consumer.committed(TopicPartition(self.topic, n)) for n in range(self.partitions)]
        return sum(offset or 0 for offset in offsets)


@pytest.fixture
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    settings = KafkaSettings(kafka_bootstrap=engines.kafka.bootstrap)
    async with Publisher(settings, name="test") as publisher:
        made = Bench(settings, publisher, partitions=3)
        admin = AIOKafkaAdminClient(bootstrap_servers=engines.kafka.bootstrap)
        await admin.start()
        limit = {"max.message.bytes": "5000000", "message.timestamp.type": "LogAppendTime"}
        known = set(await admin.list_topics())
        names = [name for name in (made.topic, DEAD_LETTERS.name) if name not in known]
        await admin.create_topics(
            [NewTopic(name=n, num_partitions=3, replication_factor=1, topic_configs=limit) for n in names]
        )
        await admin.close()
        try:
            yield made
        finally:
            await made.stop()


async def dead_letters_of(bench: Bench) -> list[Record]:
    found = []
    async with AIOKafkaConsumer(
        DEAD_LETTERS.name, **bench.settings.aiokafka(), auto_offset_reset="earliest"
    ) as consumer:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for messages in (await consumer.getmany(timeout_ms=100)).values():
                found += [m for m in messages if dict(m.headers)["kaiwa-topic"] == bench.topic.encode()]
    return found


async def test_each_key_is_handled_in_order_and_all_offsets_are_committed(bench: Bench) -> None:
    seen: dict[bytes, list[bytes]] = defaultdict(list)

    async def handle(batch: Sequence[Record]) -> Handled:
        assert len({record.key for record in batch}) == 1
        await asyncio.sleep(0.001)
        for record in batch:
            seen[record.key or b""].append(record.value or b"")
        return Handled()

    bench.start(handle)
    for number in range(40):
        for key in ("a", "b", "c"):
            await bench.send(key, b"%d" % number)
    await eventually(lambda: sum(len(values) for values in seen.values()) == 120)
    assert all(values == [b"%d" % n for n in range(40)] for values in seen.values())
    await eventually(lambda: _is(bench.committed(), 120))


async def test_what_is_away_is_waited_for_and_nothing_is_put_aside(bench: Bench) -> None:
    health, calls = Health(), 0
    done: list[bytes | None] = []
    health.started()

    async def handle(batch: Sequence[Record]) -> Handled:
        nonlocal calls
        calls += 1
        if calls < 4:
            raise Away("the table sleeps")
        done.extend(record.value for record in batch)
        return Handled()

    bench.start(handle, health=health)
    await bench.send("a", b"1")
    await eventually(lambda: "bench work" in health.missing())
    await eventually(lambda: done == [b"1"])
    await eventually(lambda: health.ready)
    assert await dead_letters_of(bench) == []


async def test_a_bad_record_among_good_ones_is_put_aside_alone_and_answered(bench: Bench) -> None:
    done: list[bytes | None] = []
    answered: list[bytes | None] = []

    async def handle(batch: Sequence[Record]) -> Handled:
        if any(record.value is None or b"bad" in record.value for record in batch):
            raise ValueError("cannot be read")
        done.extend(record.value for record in batch)
        return Handled()

    async def answer(record: Record, _error: Exception) -> Handled:
        answered.append(record.value)
        return Handled()

    big = b"bad" + b"x" * 1_000_000
    values = [b"1", b"bad", b"2", None, b"3", big, b"4"]
    await bench.send("a", *values)
    bench.start(handle, on_dead_letter=answer)
    await eventually(lambda: done == [b"1", b"2", b"3", b"4"])
    await eventually(lambda: _is(bench.committed(), len(values)))
    letters = await dead_letters_of(bench)
    assert [letter.value for letter in letters] == [b"bad", None, big] == answered
    assert [dict(letter.headers)["kaiwa-offset"] for letter in letters] == [b"1", b"3", b"5"]
    assert b"cannot be read" in dict(letters[0].headers)["kaiwa-error"]


async def test_a_batch_whose_effects_are_not_complete_is_not_committed_but_the_lane_goes_on(bench: Bench) -> None:
    gates: list[asyncio.Future[Sequence[Outgoing]]] = []

    async def handle(batch: Sequence[Record]) -> Handled:
        gates.append(asyncio.get_running_loop().create_future())
        return Handled(effects=gates[-1])

    bench.start(handle, limits=Limits(batch_records=1))
    await bench.send("a", b"1", b"2", b"3")
    await eventually(lambda: len(gates) == 3)
    gates[1].set_result(())
    gates[2].set_result(())
    await asyncio.sleep(1.2)  # two rounds of commits, in which nothing may be committed
    assert await bench.committed() == 0
    gates[0].set_result(())
    await eventually(lambda: _is(bench.committed(), 3))


async def test_what_was_not_taken_comes_again_before_what_follows(bench: Bench) -> None:
    seen: list[list[bytes | None]] = []

    async def handle(batch: Sequence[Record]) -> Handled:
        seen.append([record.value for record in batch])
        return Handled(taken=1)

    await bench.send("a", b"1", b"2", b"3")
    bench.start(handle)
    await eventually(lambda: [values[0] for values in seen] == [b"1", b"2", b"3"])
    await eventually(lambda: _is(bench.committed(), 3))


async def test_a_hot_lane_does_not_keep_another_from_its_turn(bench: Bench) -> None:
    done: list[bytes | None] = []
    gate = asyncio.Event()

    async def handle(batch: Sequence[Record]) -> Handled:
        if batch[0].key == b"hot":
            await gate.wait()
        done.extend(record.key for record in batch)
        return Handled()

    await bench.send("hot", *[b"x"] * 100)
    await bench.send("quiet", b"y")
    bench.start(handle)
    await eventually(lambda: done == [b"quiet"])
    gate.set()
    await eventually(lambda: len(done) == 101)


async def test_a_second_worker_takes_over_without_gap_and_the_first_hands_over_cleanly(bench: Bench) -> None:
    seen: dict[bytes, list[int]] = defaultdict(list)

    async def handle(batch: Sequence[Record]) -> Handled:
        await asyncio.sleep(0.002)
        for record in batch:
            seen[record.key or b""].append(int(record.value or b"-1"))
        return Handled()

    first = bench.start(handle)
    for number in range(300):
        await bench.send(f"k{number % 7}", b"%d" % number)
        if number == 100:
            bench.start(handle)
        if number == 200:
            first.stop()
    await eventually(lambda: sum(len(set(values)) for values in seen.values()) == 300, within_s=30)
    # A clean hand-over repeats nothing and keeps each key's order.
    assert all(values == sorted(set(values)) for values in seen.values())
    await eventually(lambda: _is(bench.committed(), 300), within_s=20)


async def test_memory_is_bounded_however_long_the_topic(bench: Bench) -> None:
    held, most, release = 0, 0, asyncio.Event()

    async def handle(batch: Sequence[Record]) -> Handled:
        nonlocal held
        held += len(batch)
        await release.wait()
        return Handled()

    await bench.send("a", *[b"x" * 100] * 3_000)
    loop = bench.start(handle, limits=Limits(records=200, batch_records=10, lanes_in_flight=1))
    await eventually(lambda: held == 10)
    await asyncio.sleep(0.5)
    most = loop._runner.held.records
    assert most <= 400
    release.set()
    await eventually(lambda: _is(bench.committed(), 3_000), within_s=20)


async def _is(actual: Awaitable[int], expected: int) -> bool:
    return await actual == expected
