"""The run loop's handler: decoded and known first, then routed at once."""

import asyncio

import pytest

from chassis.records import Record
from chassis.table_errors import TableUnavailable
from contracts.envelope import Undecodable
from services.fanout.partition import Takeover
from services.fanout.worker import PartitionLost, RoomUnknown, WrongKey
from tests.unit.services.fanout import given
from tests.unit.services.fanout.worker_bench import Bench


async def test_the_people_of_a_room_are_read_from_the_table_once(bench: Bench) -> None:
    for position in (1, 2):
        await bench.worker.handle([given.record(given.message(position), position)])
    assert bench.site.outbox.seqs("b") == [1, 2]
    assert bench.table.calls == ["get"]


async def test_a_batch_is_routed_in_order(bench: Bench) -> None:
    await bench.worker.handle([given.record(given.message(position), position) for position in (1, 2, 3)])
    assert bench.site.outbox.seqs("b") == [1, 2, 3]


async def test_a_new_room_needs_no_row_and_a_refusal_no_table(bench: Bench) -> None:
    bench.table.items.clear()
    refusal = given.rejected(0, "VERIFICATION_REQUIRED", given.asking())
    await bench.worker.handle([given.record(refusal, 0)])
    assert bench.table.calls == []
    await bench.worker.handle([given.record(given.created(1, "bob"), 1), given.record(given.message(2), 2)])
    assert bench.site.outbox.seqs("b") == [2]


async def test_a_table_that_is_away_is_waited_for_before_anything_is_routed(bench: Bench) -> None:
    async def away(_call: str) -> None:
        raise TableUnavailable("away")

    bench.table.before = away
    with pytest.raises(TableUnavailable):
        await bench.worker.handle([given.record(given.message(1), 1)])
    assert bench.site.outbox.items == []


async def test_a_bad_record_stops_its_batch_before_anything_is_routed(bench: Bench) -> None:
    good = given.record(given.message(1), 1)
    bad = Record(good.topic, 0, 2, 0, b"lobby", b"{")
    with pytest.raises(Undecodable):
        await bench.worker.handle([good, bad])
    assert bench.site.outbox.items == []


async def test_a_fact_under_another_room_s_key_is_bad(bench: Bench) -> None:
    with pytest.raises(WrongKey):
        await bench.worker.handle([given.record(given.message(1), 1, room="den")])
    with pytest.raises(WrongKey):
        await bench.worker.handle([given.record(given.typing("alice"), 1, room="den")])


async def test_a_fact_of_a_room_that_the_table_does_not_know_is_bad(bench: Bench) -> None:
    bench.table.items.clear()
    with pytest.raises(RoomUnknown):
        await bench.worker.handle([given.record(given.message(1), 1)])


async def test_what_an_earlier_worker_put_aside_is_not_put_aside_again(bench: Bench) -> None:
    bench.table.items.clear()
    bench.site.holds(Takeover(start=0, committed=10, end=10))
    good = given.record(given.message(1), 1)
    bad = Record(good.topic, 0, 2, 0, b"lobby", b"{")
    stray = given.record(given.message(3, room="den"), 3)
    handled = await bench.worker.handle([good, bad, stray])
    assert (handled.effects, handled.publish) == (None, ())
    with pytest.raises(Undecodable):
        await bench.worker.handle([Record(good.topic, 0, 10, 0, b"lobby", b"{")])


async def test_a_refusal_before_a_room_exists_is_told(bench: Bench) -> None:
    bench.table.items.clear()
    refusal = given.record(given.rejected(0, "VERIFICATION_REQUIRED", given.asking()), 0)
    await bench.worker.handle([refusal, given.record(given.created(1, "bob"), 1)])
    assert len(bench.site.outbox.frames("asker")) == 1


async def test_a_partition_that_is_lost_while_the_table_is_asked_routes_nothing(bench: Bench) -> None:
    async def lose(_call: str) -> None:
        bench.site.dispatch.drop(0)

    bench.table.after = lose
    with pytest.raises(PartitionLost):
        await bench.worker.handle([given.record(given.message(1), 1)])
    assert len(bench.site.membership) == 0
    assert bench.site.outbox.items == []


async def test_the_offset_waits_for_the_answers_and_for_catch_ups_before_it() -> None:
    bench = Bench(held=True)
    bench.stored(0, "alice", "bob", "carol")
    bench.site.holds()
    await bench.worker.handle([given.record(given.message(1), 1, 10_000)])
    bench.site.connect("bob", given.socket("b", since_ms=10_000))
    catch_up = [one for _, one in bench.site.outbox.items][-1]
    bench.site.connect("carol", given.socket("c", since_ms=99_000, key=given.OTHER))
    bench.site.locations.forget(given.connection_id("b"))
    handled = await bench.worker.handle([given.record(given.message(2), 2, 10_001)])
    assert handled.effects is not None
    effects = asyncio.ensure_future(handled.effects)
    for _, one in bench.site.outbox.items:
        if one is not catch_up:
            one.delivery.settle(1)
    await asyncio.sleep(0)
    assert not effects.done()
    catch_up.delivery.settle(1)
    assert await effects == []


async def test_a_batch_that_reaches_nobody_is_done_at_once(bench: Bench) -> None:
    bench.site.locations.forget(given.connection_id("b"))
    handled = await bench.worker.handle([given.record(given.message(1), 1)])
    assert handled.effects is None


async def test_typing_is_shown_once_for_a_batch_and_its_offset_waits_for_nothing(bench: Bench) -> None:
    handled = await bench.worker.handle([given.record(given.typing("alice"), offset) for offset in (1, 2)])
    assert (handled.effects, handled.publish) == (None, ())
    assert [frame["type"] for frame in bench.site.outbox.frames("b")] == ["TYPING"]


async def test_typing_is_dropped_when_the_table_is_away_or_the_room_is_not_ours(bench: Bench) -> None:
    async def away(_call: str) -> None:
        raise TableUnavailable("away")

    bench.table.before = away
    await bench.worker.handle([given.record(given.typing("alice"), 1)])
    bench.site.dispatch.drop(0)
    await bench.worker.handle([given.record(given.typing("alice"), 2)])
    assert bench.site.outbox.frames("b") == []


async def test_typing_that_was_given_before_we_came_is_not_shown(bench: Bench) -> None:
    from aiokafka import TopicPartition

    bench.log.times = (0, 0, 0)
    await bench.holdings.start_at(TopicPartition("chat.signals", 0), 0)
    await bench.worker.handle([given.record(given.typing("alice"), 2)])
    assert bench.site.outbox.frames("b") == []
    await bench.worker.handle([given.record(given.typing("alice"), 3)])
    assert len(bench.site.outbox.frames("b")) == 1
