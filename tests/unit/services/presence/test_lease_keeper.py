import asyncio

import pytest
from prometheus_client import REGISTRY

from chassis.health import Health
from chassis.publisher import PublishFailed
from chassis.records import Record
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


BAD = Record(GATEWAYS.name, 0, 3, 0, b"g", b"no lease")


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


async def test_what_nobody_can_read_is_put_aside_once_by_the_worker_that_keeps_the_time() -> None:
    kafka = Kafka()
    one = keeper(kafka)
    one._aside.add(BAD, ValueError("no"))
    await one._tell()
    await one._tell()
    (letter,) = kafka.of(DEAD_LETTERS.name)
    assert dict(letter.headers)["kaiwa-offset"] == b"3"


async def test_a_dead_letter_that_kafka_does_not_take_comes_with_the_next_tick() -> None:
    away = iter([True, False])

    async def fail_once(_call: str) -> None:
        if next(away):
            raise PublishFailed("away")

    kafka = Kafka()
    kafka.before = fail_once
    one = keeper(kafka)
    one._aside.add(BAD, ValueError("no"))
    await one._tell()
    assert kafka.published == []
    await one._tell()
    assert len(kafka.of(DEAD_LETTERS.name)) == 1


async def test_what_was_read_while_nobody_kept_the_time_is_put_aside_by_who_keeps_it_next() -> None:
    kafka, keeps = Kafka(), [False]
    one = LeaseKeeper(settings(), kafka, Health(), keeps_time=lambda: keeps[0])  # type: ignore[arg-type]
    one._aside.add(BAD, ValueError("no"))
    read(one, TICK)
    keeps[0] = True
    await one._tell()
    assert len(kafka.of(DEAD_LETTERS.name)) == 1


async def test_what_another_worker_had_two_turns_to_tell_of_is_not_told_again() -> None:
    kafka = Kafka()
    one = keeper(kafka)
    one._aside.add(BAD, ValueError("no"))
    read(one, TICK, TICK)
    await one._tell()
    assert kafka.of(DEAD_LETTERS.name) == []


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
