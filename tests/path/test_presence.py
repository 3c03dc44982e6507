"""Presence on the real engines, its neighbours absent: events in Kafka in, records and chat.presence out."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chassis.table import Table
from chassis.table_schema import ensure_table
from contracts import ids
from contracts.connections import Disconnected
from contracts.controls import EpochLapsed
from contracts.envelope import Event
from contracts.timestamps import epoch_ms
from contracts.topics import CONNECTIONS, CONTROLS, DEAD_LETTERS, GATEWAYS, PRESENCE
from tests.path.presence_bench import Desk, desk_on, envelope, person, settings_on
from tests.waiting import eventually

if TYPE_CHECKING:
    from deploy.local.engines import KafkaEngine
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest.fixture
async def desk(engines: "RunningEngines", quiet_kafka: "KafkaEngine") -> AsyncIterator[Desk]:
    async with desk_on(settings_on(quiet_kafka, engines.dynamodb)) as made:
        yield made


async def test_a_connection_has_both_records_and_its_user_is_online_until_the_grace_has_passed(desk: Desk) -> None:
    health, user = desk.start(), person()
    connection_id = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, connection_id, 2), within_s=30)
    for row in await desk.rows(user, connection_id):
        assert int(row["ttl"]["N"]) == epoch_ms(row["connectedAt"]["S"]) // 1000 + 86_400
    await eventually(lambda: desk.presence_is(user, "online", 1))
    assert health.ready
    await desk.disconnect(user, connection_id)
    await eventually(lambda: desk.has_rows(user, connection_id, 0))
    await eventually(lambda: desk.presence_is(user, "online", 0))
    await eventually(lambda: desk.presence_is(user, "offline", 0))
    versions = [event.presence_version for event in await desk.events(PRESENCE.name, lambda e: e.user_id == user)]
    assert versions == sorted(versions)
    assert versions[-1] == 2


async def test_a_page_reload_shows_nothing(desk: Desk) -> None:
    desk.start(offline_grace_s=30.0)
    user = person()
    first = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, first, 2), within_s=30)
    await desk.disconnect(user, first)
    second = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, second, 2))
    await eventually(lambda: desk.presence_is(user, "online", 1))
    events = await desk.events(PRESENCE.name, lambda event: event.user_id == user)
    assert {(event.status, event.presence_version) for event in events} == {("online", 1)}


async def test_poison_is_put_aside_once_and_the_next_event_is_handled(desk: Desk) -> None:
    desk.start()
    user = person()
    right = await desk.connect(user)
    wrong_key = Disconnected(
        **envelope(), connection_id=right, user_id=user, gateway_id="g", epoch=desk.epoch, code=1, reason=""
    )
    poison: list[Event | bytes | None] = [
        b"not json",
        b"[]",
        b'{"type":"danced","version":1}',
        b'{"type":"connected","version":1}',
        None,
        b"x" * 1_000_000,
    ]
    offsets = [await desk.publish(CONNECTIONS.name, user, value) for value in poison]
    other = f"{user}-other"
    await desk.publish(CONNECTIONS.name, other, wrong_key)
    after = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, after, 2), within_s=30)
    await eventually(lambda: desk.has_rows(user, right, 2))
    keys = (user.encode(), other.encode())
    await eventually(partial(desk.has_letters, len(poison) + 1, *keys))
    letters = await desk.events(DEAD_LETTERS.name, lambda message: message.key in keys)
    told = sorted(int(dict(letter.headers)["kaiwa-offset"]) for letter in letters if letter.key == keys[0])
    assert told == offsets
    assert len(letters) == len(poison) + 1
    assert {dict(letter.headers)["kaiwa-topic"] for letter in letters} == {CONNECTIONS.name.encode()}
    assert all(dict(letter.headers)["kaiwa-error"] for letter in letters)


async def test_a_new_epoch_retires_the_connections_of_the_old_one(desk: Desk) -> None:
    desk.start()
    user = person()
    connection_id = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, connection_id, 2), within_s=30)
    await desk.renew(ids.new_epoch())
    await eventually(lambda: desk.has_rows(user, connection_id, 0), within_s=20)
    await eventually(lambda: desk.presence_is(user, "offline", 0))
    late = await desk.connect(user)
    again = await desk.connect(user, epoch=ids.new_epoch())
    retired = await eventually(
        lambda: desk.events(CONNECTIONS.name, lambda e: e.connection_id in {late, again} and hasattr(e, "cause"))
    )
    assert retired[0].cause == "superseded"
    assert await desk.rows(user, late) == []


async def test_a_gateway_that_renews_no_more_lapses_after_nine_ticks(desk: Desk) -> None:
    desk.start(tick_interval_s=0.3)
    user = person()
    connection_id = await desk.connect(user)
    # The log tells of it also when the lapse has come before anybody looked at the rows.
    await eventually(
        lambda: desk.events(PRESENCE.name, lambda event: event.user_id == user and event.status == "online"),
        within_s=30,
    )
    await eventually(lambda: desk.has_rows(user, connection_id, 0), within_s=30)
    lapsed = await desk.events(CONTROLS.name, lambda e: isinstance(e, EpochLapsed) and e.gateway_id == desk.gateway)
    assert [event.epoch for event in lapsed][:1] == [desk.epoch]


async def test_the_21st_connection_of_a_user_is_closed(desk: Desk) -> None:
    desk.start(connections_per_user=2)
    user = person()
    connections = [await desk.connect(user) for _ in range(3)]
    orders = await eventually(
        lambda: desk.events(CONTROLS.name, lambda event: getattr(event, "user_id", "") == user), within_s=30
    )
    assert [(order.connection_id, order.code) for order in orders] == [(connections[2], 4409)]


async def test_who_was_left_half_way_goes_offline_after_a_restart(desk: Desk) -> None:
    desk.start(offline_grace_s=3600.0)
    user = person()
    connection_id = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, connection_id, 2), within_s=30)
    await desk.disconnect(user, connection_id)
    await eventually(lambda: desk.presence_is(user, "online", 0))
    await desk.stop()
    desk.start()
    await eventually(lambda: desk.presence_is(user, "offline", 0), within_s=30)


async def test_a_table_that_is_away_is_waited_for(desk: Desk, engines: "RunningEngines") -> None:
    own = engines.own.dynamodb()
    changes = {"dynamodb_endpoint": own.endpoint, "table_read_timeout_s": 2.0, "table_connect_timeout_s": 2.0}
    settings = desk.settings.model_copy(update=changes)
    await asyncio.to_thread(ensure_table, settings)
    desk.settings, desk.table = settings, Table(settings)
    health, user = desk.start(), person()
    first = await desk.connect(user)
    await eventually(lambda: desk.has_rows(user, first, 2), within_s=30)
    own.pause()
    second = await desk.connect(user)
    await eventually(lambda: any("partition" in part for part in health.missing()))
    own.resume()
    await eventually(lambda: desk.has_rows(user, second, 2), within_s=20)
    await eventually(lambda: health.ready)
    assert not await desk.events(DEAD_LETTERS.name, lambda message: message.key == user.encode())


async def test_two_workers_share_and_one_takes_over_without_a_flap(desk: Desk) -> None:
    desk.start(instance_id="one")
    desk.start(instance_id="two")
    users = [person() for _ in range(12)]
    connections = [await desk.connect(user) for user in users]
    for user, connection_id in zip(users, connections, strict=True):
        await eventually(partial(desk.has_rows, user, connection_id, 2), within_s=60)
    stop, task, _ = desk.running.pop()
    stop.ask()
    await task
    more = [await desk.connect(user) for user in users]
    for user, connection_id in zip(users, more, strict=True):
        await eventually(partial(desk.has_rows, user, connection_id, 2), within_s=60)
    events = await desk.events(PRESENCE.name, lambda event: event.user_id in users)
    assert {event.status for event in events} == {"online"}


async def test_poison_among_the_leases_is_put_aside_once_however_many_read_it(desk: Desk) -> None:
    first, second = desk.start(instance_id="one"), desk.start(instance_id="two")
    await eventually(lambda: first.ready and second.ready, within_s=30)
    user = person()
    await eventually(partial(desk.has_rows, user, await desk.connect(user), 2), within_s=30)
    key = person()
    await desk.publish(GATEWAYS.name, key, b"not a lease")
    await eventually(partial(desk.has_letters, 1, key.encode()))
    other = person()
    await eventually(partial(desk.has_rows, other, await desk.connect(other), 2))
    (letter,) = await desk.events(DEAD_LETTERS.name, lambda message: message.key == key.encode())
    assert dict(letter.headers)["kaiwa-topic"] == GATEWAYS.name.encode()
