"""Fan-out dies, comes back, is joined by another: nothing is lost, and little comes twice (spec 9 and 11)."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from contracts.facts import ParticipantRemoved, ParticipantsAdded
from contracts.timestamps import iso
from tests.path.fanout_bench import Bench, bench_on, grows_old
from tests.path.fanout_gateway import Gateway, now_ms, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest.fixture
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    async with bench_on(engines, window_s=5.0) as made:
        yield made


async def is_done(bench: Bench) -> bool:
    return await bench.lag() == 0


def ascending(seqs: list[int]) -> list[int]:
    """Without repetitions, in the order of the first time."""
    return list(dict.fromkeys(seqs))


def got(gateway: Gateway, connection_id: str, upto: int) -> bool:
    return ascending(gateway.seqs(connection_id)) == list(range(1, upto + 1))


async def test_after_a_kill_only_what_was_not_answered_is_pushed_again(bench: Bench) -> None:
    alice = unique("alice")
    gateway, room = await bench.gateway(), await bench.room(alice)
    connection_id = await bench.connect(alice, gateway)
    process = await bench.start_process()
    await grows_old()
    await bench.say(room, 5)
    await eventually(lambda: gateway.seqs(connection_id) == [1, 2, 3, 4, 5], within_s=30)
    await eventually(lambda: is_done(bench))
    gateway.status = 503
    await bench.say(room, 5)
    process.kill()
    await process.wait()
    gateway.status = 200
    await bench.start_process()
    await eventually(lambda: gateway.seqs(connection_id) == list(range(1, 11)), within_s=30)
    await eventually(lambda: is_done(bench))
    assert gateway.seqs(connection_id) == list(range(1, 11))
    assert gateway.closed == []


async def test_what_was_posted_between_a_kill_and_the_successor_reaches_everybody(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    gateway, room = await bench.gateway(), await bench.room(alice, bob)
    old = await bench.connect(alice, gateway)
    process = await bench.start_process()
    await bench.works(gateway)
    # From here to the connection of bob it may take 5 s, a start of a process not counted.
    await bench.say(room, 20)
    await eventually(lambda: len(gateway.seqs(old)) >= 10, within_s=30)
    process.kill()
    await process.wait()
    fresh = await bench.connect(bob, gateway)
    await bench.say(room, 20)
    await bench.start_process()
    await eventually(lambda: got(gateway, old, 40), within_s=30)
    await eventually(lambda: got(gateway, fresh, 40))


async def test_who_comes_and_goes_before_a_takeover_gets_what_was_posted_while_they_were_in_the_room(
    bench: Bench,
) -> None:
    """The table tells who is in the room now; the log has yet to be routed."""
    alice, bob = unique("alice"), unique("bob")
    gateway, room = await bench.gateway(), await bench.room(alice, bob)
    kept, moved = await bench.connect(alice, gateway), await bench.connect(bob, gateway)
    await bench.say(room)
    names: dict[str, Any] = {"name": "Room", "participant_count": 1}
    await bench.tell(room, ParticipantRemoved(**bench.fact_fields(room), **names, user_id=bob, removed_by=alice))
    await bench.say(room)
    joined: dict[str, Any] = {"joined_at": iso(now_ms()), "last_read_seq": 0}
    fields = {**bench.fact_fields(room), **names, **joined}
    await bench.tell(room, ParticipantsAdded(**fields, user_ids=(bob,), added_by=alice))
    await bench.stand(room, alice, bob)
    await bench.say(room)
    await bench.start()
    await eventually(lambda: gateway.seqs(kept) == [1, 2, 3], within_s=30)
    await eventually(lambda: is_done(bench))
    assert gateway.seqs(moved) == [1, 3]


async def test_a_clean_restart_repeats_the_window_for_new_connections_alone(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    gateway, room = await bench.gateway(), await bench.room(alice, bob)
    old = await bench.connect(alice, gateway)
    await bench.start()
    await grows_old()
    await bench.say(room, 5)
    await eventually(lambda: gateway.seqs(old) == [1, 2, 3, 4, 5])
    await bench.stop()
    fresh = await bench.connect(bob, gateway)
    await bench.start()
    await bench.say(room)
    await eventually(lambda: gateway.seqs(fresh) == [1, 2, 3, 4, 5, 6])
    assert gateway.seqs(old) == [1, 2, 3, 4, 5, 6]
    assert gateway.closed == []


async def test_who_was_announced_while_nobody_listened_and_too_late_is_closed(bench: Bench) -> None:
    alice, bob = unique("alice"), unique("bob")
    gateway, room = await bench.gateway(), await bench.room(alice, bob)
    old = await bench.connect(alice, gateway)
    await bench.start()
    since_ms = now_ms()
    await bench.say(room)
    await grows_old()
    await bench.say(room)
    await eventually(lambda: gateway.seqs(old) == [1, 2])
    await bench.stop()
    late = await bench.connect(bob, gateway, since_ms=since_ms)
    await bench.start()
    await eventually(lambda: gateway.closed == [late])
    await bench.say(room)
    await eventually(lambda: gateway.seqs(old) == [1, 2, 3])
    assert gateway.frames[late] == []


async def test_two_workers_share_the_rooms_and_lose_nothing_when_one_comes_and_goes(bench: Bench) -> None:
    people = [unique("user") for _ in range(6)]
    gateway = await bench.gateway()
    rooms = [await bench.room(person) for person in people]
    sockets = [await bench.connect(person, gateway) for person in people]
    await bench.start()
    await grows_old()
    for number in range(12):
        if number == 4:
            await bench.start()
        if number == 8:
            stop, task = bench.running.pop(0)
            stop.ask()
            await task
        for room in rooms:
            await bench.say(room, 2)
    await eventually(lambda: all(got(gateway, connection_id, 24) for connection_id in sockets), within_s=30)
    await eventually(lambda: is_done(bench))
    # What was pushed and could not be committed while the group changed comes again, as a stretch without a hole.
    told = [gateway.seqs(connection_id) for connection_id in sockets]
    assert all(after <= before + 1 for seqs in told for before, after in pairwise(seqs))
