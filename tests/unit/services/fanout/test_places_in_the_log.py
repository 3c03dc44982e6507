"""Who gets a fact, and whether it is news, is told by its place in chat.rooms (ahead.py, behind.py)."""

import pytest

from chassis.items import item
from contracts import table as keys
from services.fanout.ahead import FactOnItsWay
from services.fanout.partition import Takeover
from tests.unit.services.fanout import given
from tests.unit.services.fanout.worker_bench import Bench


def taken_over(start: int) -> Bench:
    """A bench that took the partition over there, after all that was posted in these tests."""
    made = Bench()
    made.stored(0, "alice", "bob")
    made.site.holds(Takeover(start=start, committed=start, reaches_ms=made.rooms.now_ms))
    made.site.connect("bob", given.socket("b", since_ms=made.rooms.now_ms + given.MINUTE_MS))
    return made


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


async def test_a_move_that_comes_again_after_the_takeover_still_moves_people() -> None:
    """Bob left before the place of the takeover; those of before the first fact that came again include him."""
    again = taken_over(2)
    again.stored(2, "alice")
    posted, gone = given.message(1, seq=1), given.removed(2, "bob")
    records = again.written(posted, gone, posted, gone, given.message(3, seq=2))
    await again.worker.handle(records[2:])
    assert again.site.membership.people("lobby") == {"alice"}
    assert again.site.outbox.seqs("b") == []


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
