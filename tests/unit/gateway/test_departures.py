import asyncio

from chassis.backoff import Backoff
from chassis.publisher import PublishFailed, RecordTooLarge
from chassis.records import Outgoing
from gateway.departures import Departures
from tests.doubles.gateway import FakePublisher
from tests.waiting import eventually

MESSAGE = Outgoing("chat.connections", "alice", b"{}")


def departures(publisher: FakePublisher) -> Departures:
    return Departures(publisher, backoff=Backoff(first_s=0.001, most_s=0.001))


async def test_it_is_done_when_kafka_has_it() -> None:
    publisher = FakePublisher()
    leaving = departures(publisher)
    leaving.add(MESSAGE)
    assert not await leaving.wait_acknowledged(0.01)
    await publisher.acknowledge()
    assert await leaving.wait_acknowledged(0.01)
    assert len(leaving) == 0


async def test_what_fails_is_tried_until_kafka_has_it() -> None:
    publisher = FakePublisher()
    publisher.full = True
    leaving = departures(publisher)
    task = asyncio.create_task(leaving.run())
    leaving.add(MESSAGE)
    publisher.full = False
    await eventually(lambda: len(publisher.futures) == 1, every_s=0.005)
    await publisher.fail(PublishFailed("away"))
    await eventually(lambda: len(publisher.futures) == 2, every_s=0.005)
    assert not await leaving.wait_acknowledged(0.01)
    await publisher.acknowledge()
    assert await leaving.wait_acknowledged(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_can_never_be_written_is_not_waited_for() -> None:
    publisher = FakePublisher()
    leaving = departures(publisher)
    leaving.add(MESSAGE)
    await publisher.fail(RecordTooLarge("no"))
    assert await leaving.wait_acknowledged(1)
