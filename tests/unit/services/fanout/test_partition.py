"""What a worker holds of one partition."""

from services.fanout.locations import Place
from services.fanout.partition import Takeover
from tests.unit.services.fanout import given

TAKEOVER = Takeover(start=4, committed=10, end=15, reaches_ms=40_000, repeats_from_ms=40_000, committed_ms=100_000)


def place(begins_ms: int, learned_ms: int = 0) -> Place:
    return Place(given.connection_id("a"), "alice", given.KEY, frozenset(), begins_ms, learned_ms)


def test_a_partition_goes_on_where_exactly_the_committed_records_were_routed() -> None:
    held = given.partition(TAKEOVER)
    assert held.stands_at(4)
    for offset in (5, 4, 6):
        held.note(offset)
    assert held.stands_at(7)


def test_a_partition_does_not_go_on_where_another_worker_went_further() -> None:
    held = given.partition(TAKEOVER)
    held.note(4)
    assert not held.stands_at(6)


def test_a_partition_does_not_go_on_where_a_record_was_left_out_or_is_uncommitted() -> None:
    held = given.partition(TAKEOVER)
    for offset in (4, 5, 7):
        held.note(offset)
    assert not held.stands_at(6)
    assert not held.stands_at(7)
    assert not held.stands_at(8)


def test_what_was_posted_after_the_takeover_goes_to_everybody() -> None:
    assert TAKEOVER.owes(place(begins_ms=999_999), 15, 100)


def test_what_was_committed_goes_once_more_to_who_was_made_inside_the_window() -> None:
    assert TAKEOVER.owes(place(begins_ms=40_000), 9, 50_000)
    assert not TAKEOVER.owes(place(begins_ms=39_999), 9, 50_000)
    assert TAKEOVER.owes(place(begins_ms=39_999, learned_ms=95_000), 9, 50_000)


def test_what_was_not_committed_goes_to_all_whose_beginning_it_does_not_precede() -> None:
    assert TAKEOVER.owes(place(begins_ms=39_999), 10, 50_000)
    assert not TAKEOVER.owes(place(begins_ms=50_001), 10, 50_000)


def test_who_was_announced_late_and_begins_before_the_window_was_missed() -> None:
    assert TAKEOVER.missed(place(begins_ms=39_999, learned_ms=95_000))
    assert not TAKEOVER.missed(place(begins_ms=39_999, learned_ms=94_999))
    assert not TAKEOVER.missed(place(begins_ms=40_000, learned_ms=95_000))
