"""Fan-out: from chat.rooms to the gateways' connection API, and what it tells the log (spec 3, 6 and 9)."""

import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from chassis.records import Outgoing, outgoing
from contracts.connections import ConnectionRef
from contracts.controls import EpochLapsed
from contracts.facts import MessageRejected, ParticipantRemoved
from contracts.signals import Typing
from contracts.topics import CONNECTIONS, CONTROLS, DEAD_LETTERS, DELIVERIES, PRESENCE, ROOMS
from tests.path.fanout_bench import Bench, bench_on, envelope
from tests.path.fanout_gateway import now_ms, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest.fixture
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    async with bench_on(engines) as made:
        yield made


async def is_done(bench: Bench) -> bool:
    return await bench.lag() == 0


async def test_a_message_reaches_three_connections_on_two_gateways_in_order(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    one, two = await bench.gateway(), await bench.gateway()
    room = await bench.room(alice, bob)
    at_one = [await bench.connect(alice, one), await bench.connect(bob, one)]
    at_two = await bench.connect(bob, two)
    await bench.start()
    await bench.say(room, 50)
    expected = list(range(1, 51))
    await eventually(lambda: two.seqs(at_two) == expected)
    await eventually(lambda: [one.seqs(connection_id) for connection_id in at_one] == [expected, expected])
    await eventually(lambda: is_done(bench))
    told = await bench.events(DELIVERIES.name, lambda event: event["chatRoomId"] == room.room_id)
    shares = [(event["gatewayId"], message["messageId"]) for event in told for message in event["messages"]]
    assert sorted(shares) == sorted(
        (gateway.gateway_id, f"{room.room_id}-{seq}") for gateway in (one, two) for seq in expected
    )


async def test_a_removed_member_gets_nothing_and_a_refusal_finds_its_way(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    gateway, room = await bench.gateway(), await bench.room(alice, bob)
    kept, left = await bench.connect(alice, gateway), await bench.connect(bob, gateway, "rooms")
    await bench.start()
    await bench.say(room)
    removal = ParticipantRemoved(
        **bench.fact_fields(room), name="Room", user_id=bob, removed_by=alice, participant_count=1
    )
    await bench.tell(room, removal)
    await bench.say(room)
    refusal = MessageRejected(
        **bench.fact_fields(room),
        sender_id=bob,
        code="VERIFICATION_REQUIRED",
        message="no",
        connection=ConnectionRef(connection_id=left, gateway_id=gateway.gateway_id, epoch=gateway.epoch),
    )
    await bench.tell(room, refusal)
    await eventually(lambda: len(gateway.frames[left]) == 3)
    assert gateway.types(left) == ["MESSAGE", "ROOM", "VERIFICATION_REQUIRED"]
    assert gateway.seqs(kept) == [1, 2]


async def test_typing_and_presence_reach_those_who_asked_for_them(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    gateway, room = await bench.gateway(), await bench.room(alice, bob)
    eager = await bench.connect(bob, gateway, "typing", "presence")
    plain = await bench.connect(bob, gateway)
    await bench.start()
    typing = Typing(**envelope(), chat_room_id=room.room_id, user_id=alice, connection_id=plain)
    await bench.tell(room, typing)
    await eventually(lambda: gateway.types(eager) == ["TYPING"])
    await bench.connect(alice, gateway)
    await eventually(lambda: gateway.types(eager) == ["TYPING", "PRESENCE"])
    assert gateway.frames[plain] == []


async def test_a_stalled_gateway_delays_no_other_and_what_it_lost_is_closed_when_it_is_back(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    stalled, well = await bench.gateway(), await bench.gateway()
    room = await bench.room(alice, bob)
    lost, got = await bench.connect(alice, stalled), await bench.connect(bob, well)
    await bench.start(push_timeout_s=0.5, gateway_away_s=2.0)
    stalled.open.clear()
    began = time.monotonic()
    await bench.say(room, 20)
    await eventually(lambda: well.seqs(got) == list(range(1, 21)), within_s=1.5)
    assert time.monotonic() - began < 1.5
    assert await bench.lag() > 0
    await eventually(lambda: is_done(bench), within_s=15)
    stalled.open.set()
    await eventually(lambda: stalled.closed == [lost])
    told = await bench.events(DELIVERIES.name, lambda event: event["chatRoomId"] == room.room_id)
    assert next(event["dropped"] for event in told if event["gatewayId"] == stalled.gateway_id) == [lost]


async def test_a_gateway_that_comes_back_in_time_gets_everything_once_and_in_order(bench: Bench) -> None:
    alice = unique("alice")
    gateway, room = await bench.gateway(), await bench.room(alice)
    connection_id = await bench.connect(alice, gateway)
    await bench.start()
    gateway.status = 503
    for _ in range(5):
        await bench.say(room, 4)
    gateway.status = 200
    await eventually(lambda: gateway.seqs(connection_id) == list(range(1, 21)))
    assert gateway.closed == []
    await eventually(lambda: is_done(bench))


@pytest.mark.parametrize("how", ["421", "lapsed"])
async def test_an_epoch_that_is_over_is_not_waited_for(bench: Bench, how: str) -> None:
    alice, bob = unique("alice"), unique("bob")
    over, well = await bench.gateway(), await bench.gateway()
    room = await bench.room(alice, bob)
    await bench.connect(alice, over)
    got = await bench.connect(bob, well)
    await bench.start()
    over.status = 421 if how == "421" else 503
    await bench.say(room, 3)
    await eventually(lambda: well.seqs(got) == [1, 2, 3])
    if how == "lapsed":
        lapse = EpochLapsed(**envelope(), gateway_id=over.gateway_id, epoch=over.epoch)
        await bench.publish(outgoing(CONTROLS, over.gateway_id, lapse))
    await eventually(lambda: is_done(bench))
    assert over.frames == {}


async def test_a_push_that_meets_a_gone_connection_retires_it_and_reaches_the_others(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    gateway, room = await bench.gateway(), await bench.room(alice, bob)
    stale, got = await bench.connect(alice, gateway), await bench.connect(bob, gateway)
    gateway.gone.add(stale)
    await bench.start()
    await bench.say(room, 2)
    await eventually(lambda: gateway.seqs(got) == [1, 2])
    await eventually(lambda: is_done(bench))
    (retired,) = await bench.events(CONNECTIONS.name, lambda event: event.get("connectionId") == stale)
    assert (retired["type"], retired["userId"], retired["cause"]) == ("retired", alice, "gone")
    await bench.say(room)
    await eventually(lambda: gateway.seqs(got) == [1, 2, 3])
    assert stale not in gateway.requests[-1].pushes[-1].connection_ids


async def test_a_connection_that_is_announced_late_catches_up_and_goes_live(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    gateway, room = await bench.gateway(), await bench.room(alice, bob)
    early = await bench.connect(alice, gateway)
    await bench.start()
    await bench.say(room, 3)
    await eventually(lambda: gateway.seqs(early) == [1, 2, 3])
    late = await bench.connect(bob, gateway, since_ms=now_ms())
    await bench.say(room, 3)
    await eventually(lambda: gateway.seqs(late) == [1, 2, 3, 4, 5, 6])
    assert gateway.seqs(early) == [1, 2, 3, 4, 5, 6]


async def test_a_connection_that_is_announced_too_late_is_closed(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    gateway, room = await bench.gateway(), await bench.room(alice, bob)
    early = await bench.connect(alice, gateway)
    await bench.start(window_frames=2)
    await bench.say(room, 5)
    await eventually(lambda: gateway.seqs(early) == [1, 2, 3, 4, 5])
    late = await bench.connect(bob, gateway)
    await eventually(lambda: gateway.closed == [late])
    assert gateway.frames[late] == []


async def test_a_bad_record_is_put_aside_once_and_the_next_goes_on(bench: Bench) -> None:
    alice = unique("alice")
    gateway, room = await bench.gateway(), await bench.room(alice)
    connection_id = await bench.connect(alice, gateway)
    await bench.start()
    bad = [b"not json", b"[1]", b'{"type":"nobodyKnows","version":1}', None, b"x" * 1_000_000]
    for value in bad:
        await bench.publish(Outgoing(ROOMS.name, room.room_id, value))
        await bench.say(room)
    await bench.publish(Outgoing(ROOMS.name, unique("nowhere"), b"\xff"))
    await eventually(lambda: gateway.seqs(connection_id) == [1, 2, 3, 4, 5])
    await eventually(lambda: is_done(bench))
    await bench.stop()
    await bench.start()
    await bench.say(room)
    await eventually(lambda: gateway.seqs(connection_id)[-1] == 6)
    letters = [one for one in await bench.records(DEAD_LETTERS.name) if one.key == room.room_id.encode()]
    assert [letter.value for letter in letters] == bad
    assert all(dict(letter.headers)["kaiwa-topic"] == b"chat.rooms" for letter in letters)


async def test_a_bad_value_of_chat_presence_is_put_aside_once_and_the_next_is_taken(bench: Bench) -> None:
    alice = unique("alice")
    gateway, room = await bench.gateway(), await bench.room(alice)
    await bench.start()
    for value in (b"not json", None):
        await bench.publish(Outgoing(PRESENCE.name, alice, value))
    connection_id = await bench.connect(alice, gateway)
    await bench.say(room)
    await eventually(lambda: gateway.seqs(connection_id) == [1])
    await eventually(lambda: _letters_of(bench, alice, [b"not json", None]))


async def _letters_of(bench: Bench, key: str, values: list[bytes | None]) -> bool:
    letters = [one for one in await bench.records(DEAD_LETTERS.name) if one.key == key.encode()]
    return [letter.value for letter in letters] == values


async def test_the_table_is_waited_for_and_nothing_is_put_aside(bench: Bench) -> None:
    alice = unique("alice")
    gateway, room = await bench.gateway(), await bench.room(alice)
    connection_id = await bench.connect(alice, gateway)
    health = await bench.start(ready=False, dynamodb_endpoint="http://127.0.0.1:9")
    await bench.say(room, 2)
    await eventually(lambda: "fanout work" in health.missing(), within_s=30)
    await bench.stop()
    await bench.start()
    await eventually(lambda: gateway.seqs(connection_id) == [1, 2])
    assert not [one for one in await bench.records(DEAD_LETTERS.name) if one.key == room.room_id.encode()]
