import asyncio

import pytest
from prometheus_client import REGISTRY

from chassis.health import Health
from chassis.publisher import Overloaded, PublishFailed
from chassis.records import Outgoing, Record
from contracts.controls import EpochLapsed
from contracts.envelope import Event, encode
from contracts.gateways import TICK_KEY, LeaseRenewed, Tick
from contracts.topics import CONTROLS, DEAD_LETTERS, GATEWAYS
from services.presence.lease_keeper import LeaseKeeper
from services.presence.leases import EpochKey
from tests.unit.services.presence.log import EPOCH, GATEWAY, Kafka, envelope, settings
from tests.waiting import eventually

KEY = EpochKey(GATEWAY, EPOCH)
LEASE = LeaseRenewed(**envelope(), gateway_id=GATEWAY, epoch=EPOCH, address="http://g")
TICK = Tick(**envelope(), worker_id="w")
LAPSE = EpochLapsed(**envelope(), gateway_id=GATEWAY, epoch=EPOCH)


class Enqueued(Kafka):
    full = False

    def enqueue(self, message: Outgoing) -> None:
        if self.full:
            raise Overloaded("full")
        self.published.append(message)


def keeper(kafka: Kafka, *, keeps_time: bool = True) -> LeaseKeeper:
    chosen = settings(ticks_to_lapse=2)
    return LeaseKeeper(chosen, kafka, Health(), keeps_time=lambda: keeps_time)  # type: ignore[arg-type]


def read(one: LeaseKeeper, *events: Event) -> None:
    for event in events:
        topic = CONTROLS if isinstance(event, EpochLapsed) else GATEWAYS
        one._read(Record(topic.name, 0, 0, 0, b"", encode(event)))


async def test_a_tick_is_told_under_its_own_key() -> None:
    kafka = Kafka()
    await keeper(kafka)._tell()
    (message,) = kafka.published
    assert (message.topic, message.key) == (GATEWAYS.name, TICK_KEY)
    assert isinstance(GATEWAYS.decode(message.value), Tick)


async def test_a_lapse_is_told_until_it_is_read() -> None:
    kafka = Kafka()
    one = keeper(kafka)
    read(one, LEASE, TICK, TICK)
    await one._tell()
    await one._tell()
    told = [CONTROLS.decode(message.value) for message in kafka.of(CONTROLS.name)]
    assert [(event.gateway_id, event.epoch) for event in told if isinstance(event, EpochLapsed)] == [KEY, KEY]
    assert len({event.event_id for event in told}) == 1
    read(one, LAPSE)
    await one._tell()
    assert len(kafka.of(CONTROLS.name)) == 2
    assert one.ended(KEY, 0) == "lapsed"


async def test_a_tick_that_kafka_does_not_take_is_no_failure() -> None:
    async def fail(_call: str) -> None:
        raise PublishFailed("away")

    kafka = Kafka()
    kafka.before = fail
    await keeper(kafka)._tell()
    assert kafka.published == []


def test_who_listens_hears_of_each_end_and_of_nothing_else() -> None:
    one, heard = keeper(Kafka()), list[int]()
    one.on_ending(lambda: heard.append(one.endings()))
    read(one, LEASE, TICK, LAPSE, LAPSE)
    assert heard == [1]


@pytest.mark.parametrize(("keeps_time", "letters"), [(True, 1), (False, 0)])
def test_what_nobody_can_read_is_put_aside_by_the_worker_that_keeps_the_time(keeps_time: bool, letters: int) -> None:
    kafka = Enqueued()
    bad = Record(GATEWAYS.name, 0, 3, 0, b"g", b"no lease")
    keeper(kafka, keeps_time=keeps_time)._put_aside(bad, ValueError("no"))
    assert len(kafka.of(DEAD_LETTERS.name)) == letters


def test_a_dead_letter_that_finds_no_room_harms_nobody() -> None:
    kafka = Enqueued()
    kafka.full = True
    keeper(kafka)._put_aside(Record(GATEWAYS.name, 0, 3, 0, b"g", b"no lease"), ValueError("no"))
    assert kafka.published == []


async def test_who_no_longer_keeps_the_time_shows_no_age_of_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    def age() -> float | None:
        return REGISTRY.get_sample_value("kaiwa_presence_lease_age_ticks")

    ours = keeper(Kafka())
    read(ours, LEASE, TICK)
    await ours._tell()
    assert age() == 1
    others = keeper(Kafka(), keeps_time=False)
    monkeypatch.setattr(others._tail, "wait_ready", lambda: asyncio.sleep(0))
    ticking = asyncio.create_task(others.tick())
    await eventually(lambda: age() == 0)
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
