"""Views of whole topics, on a real broker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest

from chassis.health import Health
from chassis.publisher import Publisher
from chassis.records import Outgoing, Record
from chassis.settings import KafkaSettings
from chassis.tail import Tail
from tests.path.test_publisher import new_topic
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


class View:
    """What a tail has handed over."""

    def __init__(self, settings: KafkaSettings, topic: str) -> None:
        self.values: list[bytes | None] = []
        self.bad: list[bytes | None] = []
        self.health = Health()
        self.health.started()
        self.tail = Tail(
            name="view",
            settings=settings,
            topics=[topic],
            on_record=self._take,
            on_bad=lambda record, _: self.bad.append(record.value),
            health=self.health,
        )

    def _take(self, record: Record) -> None:
        if record.value is None or record.value.startswith(b"bad"):
            raise ValueError("bad")
        self.values.append(record.value)


@contextlib.asynccontextmanager
async def reading(settings: KafkaSettings, topic: str) -> AsyncIterator[View]:
    view = View(settings, topic)
    task = asyncio.create_task(view.tail.run())
    try:
        yield view
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def writer(publisher: Publisher, topic: str) -> Callable[..., "asyncio.Future[object]"]:
    def write(*values: bytes) -> "asyncio.Future[object]":
        return asyncio.ensure_future(publisher.publish([Outgoing(topic, "k", value) for value in values]))

    return write


@pytest.fixture
def settings(engines: "RunningEngines") -> KafkaSettings:
    return KafkaSettings(kafka_bootstrap=engines.kafka.bootstrap)


async def test_a_tail_is_ready_when_it_has_read_what_was_there(settings: KafkaSettings) -> None:
    topic = await new_topic(settings)
    async with Publisher(settings, name="w") as publisher:
        await writer(publisher, topic)(*(b"%d" % n for n in range(300)))
    async with reading(settings, topic) as view:
        await asyncio.wait_for(view.tail.wait_ready(), 20)
        assert view.values == [b"%d" % n for n in range(300)]
        assert view.health.ready


async def test_an_empty_topic_is_read_at_once(settings: KafkaSettings) -> None:
    async with reading(settings, await new_topic(settings)) as view:
        await asyncio.wait_for(view.tail.wait_ready(), 20)


async def test_catching_up_reads_what_was_acknowledged_before(settings: KafkaSettings) -> None:
    topic = await new_topic(settings)
    async with reading(settings, topic) as view, Publisher(settings, name="w") as publisher:
        await view.tail.wait_ready()
        for number in range(5):
            await writer(publisher, topic)(b"%d" % number)
            await view.tail.catch_up()
            assert view.values[-1] == b"%d" % number


async def test_a_bad_record_is_passed_over_and_told_only_after_the_start(settings: KafkaSettings) -> None:
    topic = await new_topic(settings)
    async with Publisher(settings, name="w") as publisher:
        write = writer(publisher, topic)
        await write(b"one", b"bad before", b"two")
        async with reading(settings, topic) as view:
            await asyncio.wait_for(view.tail.wait_ready(), 20)
            assert view.bad == []
            await write(b"bad after", b"three")
            await view.tail.catch_up()
            assert (view.bad, view.values) == ([b"bad after"], [b"one", b"two", b"three"])


async def test_a_tail_goes_on_after_kafka_was_paused_and_says_when_it_cannot_catch_up(
    engines: "RunningEngines",
) -> None:
    own = engines.own.kafka()
    settings = KafkaSettings(kafka_bootstrap=own.bootstrap)
    topic = await new_topic(settings)
    async with reading(settings, topic) as view, Publisher(settings, name="w") as publisher:
        write = writer(publisher, topic)
        await write(b"before")
        await asyncio.wait_for(view.tail.wait_ready(), 20)
        own.pause()
        try:
            with pytest.raises(TimeoutError):
                await view.tail.catch_up(0.5)
            late = write(b"after")
        finally:
            own.resume()
        await asyncio.wait_for(late, 30)
        await eventually(lambda: view.values == [b"before", b"after"], within_s=30)
