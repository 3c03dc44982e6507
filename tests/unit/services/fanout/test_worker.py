"""The run loop's handler: decoded and known first, then routed at once."""

import asyncio

import pytest

from chassis.items import item
from chassis.records import Record
from chassis.table_errors import TableUnavailable
from contracts import table as keys
from contracts.envelope import Undecodable, encode
from contracts.facts import Fact
from contracts.topics import ROOMS
from services.fanout.ahead import Ahead, FactOnItsWay
from services.fanout.behind import Behind
from services.fanout.holdings import Holdings
from services.fanout.partition import Takeover
from services.fanout.worker import PartitionLost, RoomUnknown, Worker, WrongKey
from tests.doubles.log import MemoryLog
from tests.doubles.table import MemoryTable
from tests.unit.services.fanout import given
from tests.unit.services.fanout.test_takeover import Log


class Bench:
    """A worker with a table in memory that knows the lobby."""

    def __init__(self, *, held: bool = False) -> None:
        self.site = given.Site(held=held)
        self.table = MemoryTable()
        self.log = Log()
        self.rooms = MemoryLog(partitions=1)
        self.holdings = Holdings(
            dispatch=self.site.dispatch,
            peek=self.log,
            window_of=lambda reaches_ms: given.window(reaches_ms=reaches_ms),
            window_ms=given.MINUTE_MS,
            release_s=0.05,
            drop_abandoned=lambda: None,
        )
        self.worker = Worker(
            dispatch=self.site.dispatch,
            membership=self.site.membership,
            holdings=self.holdings,
            table=self.table,
            ahead=Ahead(self.rooms),
            behind=Behind(self.rooms),
        )

    def written(self, *facts: Fact) -> list[Record]:
        """The facts as they stand in chat.rooms, from offset 0 on."""
        return [self.rooms.append(ROOMS.name, fact.chat_room_id, encode(fact)) for fact in facts]

    def stored(self, position: int, *people: str) -> None:
        key = keys.room("lobby")
        self.table.items[key] = item(key, given.row(position, *people))


def taken_over(start: int) -> Bench:
    """A bench that took the partition over there, after all that was posted in these tests."""
    made = Bench()
    made.stored(0, "alice", "bob")
    made.site.holds(Takeover(start=start, committed=start, reaches_ms=made.rooms.now_ms))
    made.site.connect("bob", given.socket("b", since_ms=made.rooms.now_ms + given.MINUTE_MS))
    return made


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.stored(0, "alice", "bob")
    made.site.holds()
    made.site.connect("bob", given.socket("b", "typing"))
    return made


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


async def test_a_table_that_is_ahead_does_not_decide_who_gets_what_was_posted_before(bench: Bench) -> None:
    """Bob was in the room for 1 and 2, out of it for 4, and in it again for 6; carol came after all of that."""
    bench.site.connect("carol", given.socket("c"))
    bench.stored(7, "alice", "bob", "carol")
    facts = (
        given.message(1, seq=1),
        given.message(2, seq=2),
        given.removed(3, "bob"),
        given.message(4, seq=3),
        given.added(5, "bob"),
        given.message(6, seq=4),
        given.added(7, "carol"),
        given.message(8, seq=5),
    )
    for record in bench.written(*facts):
        await bench.worker.handle([record])
    assert bench.site.outbox.seqs("b") == [1, 2, 4, 5]
    assert bench.site.outbox.seqs("c") == [5]
    assert bench.table.calls == ["get"]


async def test_who_was_removed_since_gets_what_was_posted_while_they_were_in_the_room(bench: Bench) -> None:
    bench.stored(2, "alice")
    for record in bench.written(given.message(1, seq=1), given.removed(2, "bob"), given.message(3, seq=2)):
        await bench.worker.handle([record])
    assert bench.site.outbox.seqs("b") == [1]


async def test_people_that_were_read_for_a_notice_are_not_believed_for_older_facts(bench: Bench) -> None:
    bench.stored(3, "alice", "bob", "carol")
    bench.site.connect("carol", given.socket("c"))
    await bench.worker.handle([given.record(given.typing("alice"), 1)])
    refusal = given.rejected(1, "NOT_A_PARTICIPANT", given.asking("typing"))
    for record in bench.written(refusal, given.message(2, seq=1), given.added(3, "carol"), given.message(4, seq=2)):
        await bench.worker.handle([record])
    assert bench.site.outbox.seqs("b") == [1, 2]
    assert bench.site.outbox.seqs("c") == [2]


async def test_a_fact_that_comes_again_does_not_set_the_room_s_people_back(bench: Bench) -> None:
    bench.stored(2, "alice")
    posted, gone, later = bench.written(given.message(1, seq=1), given.removed(2, "bob"), given.message(3, seq=2))
    for record in (posted, gone, posted, gone, later):
        await bench.worker.handle([record])
    assert bench.site.outbox.seqs("b") == [1]


async def test_a_move_whose_fact_is_not_in_the_log_yet_is_waited_for(bench: Bench) -> None:
    bench.stored(2, "alice")
    (posted,) = bench.written(given.message(1, seq=1))
    with pytest.raises(FactOnItsWay):
        await bench.worker.handle([posted])
    assert bench.site.outbox.items == []
    bench.written(given.removed(2, "bob"))
    await bench.worker.handle([posted])
    assert bench.site.outbox.seqs("b") == [1]


async def test_what_is_read_ahead_is_read_once_for_all_rooms(bench: Bench) -> None:
    for number in range(3):
        key = keys.room(f"r{number}")
        bench.table.items[key] = item(key, given.row(20 + number, "alice", room=f"r{number}"))
    posted = [given.message(10 + number, room=f"r{number}") for number in range(3)]
    gone = [given.removed(20 + number, "bob", room=f"r{number}") for number in range(3)]
    records = bench.written(*posted, *gone)
    # Rooms are routed side by side, so a later one may ask first.
    for number in (1, 0, 2):
        await bench.worker.handle([records[number]])
        assert bench.site.membership.people(f"r{number}") == {"alice", "bob"}
    assert bench.rooms.spans_read == [(1, 6), (0, 1)]


async def test_a_fact_that_stands_before_the_takeover_too_is_no_news() -> None:
    again = taken_over(2)
    first, second = given.message(1, seq=1), given.message(2, seq=2)
    records = again.written(first, second, second, given.message(3, seq=3))
    for record in records[2:]:
        await again.worker.handle([record])
    assert again.site.outbox.seqs("b") == [3]


async def test_a_fact_that_was_decided_late_and_stands_nowhere_before_is_news() -> None:
    late = taken_over(1)
    records = late.written(given.message(1, seq=1), given.message(2, seq=2), given.message(3, seq=3))
    await late.worker.handle(records[1:])
    assert late.site.outbox.seqs("b") == [2, 3]


async def test_what_stands_before_the_takeover_is_read_once_for_all_rooms() -> None:
    bench = taken_over(2)
    posted = [given.message(10 + number, room=f"r{number}") for number in range(2)]
    for number in range(2):
        key = keys.room(f"r{number}")
        bench.table.items[key] = item(key, given.row(0, "alice", "bob", room=f"r{number}"))
    for record in bench.written(*posted, *posted)[2:]:
        await bench.worker.handle([record])
    assert bench.site.outbox.items == []
    assert bench.rooms.spans_read == [(0, 2)]


async def test_where_everything_is_younger_than_the_takeover_nothing_is_read_back(bench: Bench) -> None:
    bench.stored(0, "alice", "bob")
    await bench.worker.handle(bench.written(given.message(1, seq=1)))
    assert bench.rooms.spans_read == []
