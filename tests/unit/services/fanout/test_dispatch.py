"""The one order of things: facts are routed, connections are learned, and nothing falls between."""

from services.fanout.partition import Takeover
from tests.unit.services.fanout import given

MINUTE_AGO = Takeover(start=0, committed=10, end=10, reaches_ms=40_000, repeats_from_ms=40_000, committed_ms=100_000)


def test_a_message_reaches_every_connection_of_every_participant() -> None:
    site = given.Site()
    held = site.holds()
    site.connect("alice", given.socket("a"), given.socket("b", key=given.OTHER))
    site.connect("bob", given.socket("c"))
    site.route(held, given.created(0, "alice", "bob"), 0)
    site.route(held, given.message(1), 1)
    assert [site.outbox.seqs(name) for name in "abc"] == [[1], [1], [1]]


def test_a_removed_member_gets_nothing() -> None:
    site = given.Site()
    held = site.holds()
    site.connect("bob", given.socket("b", "rooms"))
    site.route(held, given.created(0, "alice", "bob"), 0)
    site.route(held, given.removed(1, "bob"), 1)
    site.route(held, given.message(2), 2)
    assert [frame["type"] for frame in site.outbox.frames("b")] == ["ROOM", "ROOM"]
    assert site.outbox.frames("b")[1]["change"] == "removed"


def test_who_is_added_sees_the_room_at_once_and_what_follows() -> None:
    site = given.Site()
    held = site.holds()
    site.connect("carol", given.socket("c", "rooms"))
    site.route(held, given.created(0, "alice"), 0)
    site.route(held, given.message(1), 1)
    site.route(held, given.added(2, "carol"), 2)
    site.route(held, given.message(3), 3)
    assert [frame["type"] for frame in site.outbox.frames("c")] == ["ROOM", "MESSAGE"]
    assert site.outbox.seqs("c") == [3]


def test_a_fact_that_comes_twice_is_pushed_once() -> None:
    site = given.Site()
    held = site.holds()
    site.connect("alice", given.socket("a"))
    site.route(held, given.created(0, "alice"), 0)
    site.route(held, given.message(1), 1)
    site.route(held, given.message(1), 2)
    assert site.outbox.seqs("a") == [1]


def test_a_refusal_reaches_a_connection_that_nobody_knows_yet() -> None:
    site = given.Site()
    held = site.holds()
    site.route(held, given.rejected(1, "VERIFICATION_REQUIRED", given.asking(key=given.OTHER)), 1)
    ((key, item),) = site.outbox.items
    assert (key, item.connection_ids) == (given.OTHER, (given.connection_id("asker"),))


def test_a_refusal_that_an_earlier_worker_told_is_not_told_again() -> None:
    site = given.Site()
    held = site.holds(MINUTE_AGO)
    site.route(held, given.rejected(1, "VERIFICATION_REQUIRED", given.asking()), 9, 99_000)
    assert site.outbox.items == []


def test_a_connection_that_is_learned_late_gets_what_was_posted_since_5_s_before_it() -> None:
    site = given.Site()
    held = site.holds()
    site.route(held, given.created(0, "alice", "bob"), 0, 1_000)
    for position, time_ms in ((1, 14_999), (2, 15_000), (3, 22_000)):
        site.route(held, given.message(position), position, time_ms)
    site.connect("bob", given.socket("b", since_ms=20_000))
    site.route(held, given.message(4), 4, 23_000)
    assert site.outbox.seqs("b") == [2, 3, 4]


def test_a_connection_gets_nothing_from_the_window_of_rooms_it_is_not_in() -> None:
    site = given.Site()
    held = site.holds()
    site.route(held, given.created(0, "alice"), 0, 10_000)
    site.route(held, given.message(1), 1, 10_000)
    site.connect("bob", given.socket("b", since_ms=10_000))
    assert site.outbox.frames("b") == []
    assert site.outbox.closed == []


def test_a_connection_that_is_learned_too_late_is_closed_and_gets_nothing_more() -> None:
    site = given.Site()
    held = site.holds()
    site.route(held, given.created(0, "bob"), 0, 10_000)
    site.route(held, given.message(1), 1, 12_000)
    site.route(held, given.message(2), 2, 80_000)
    site.connect("bob", given.socket("b", since_ms=13_000))
    site.route(held, given.message(3), 3, 81_000)
    assert site.outbox.closed == [(given.KEY, given.connection_id("b"))]
    assert site.outbox.frames("b") == []


def test_a_connection_is_closed_when_the_window_was_cut_short() -> None:
    site = given.Site()
    held = site.holds(frames=1)
    site.route(held, given.created(0, "bob"), 0, 1_000)
    site.route(held, given.message(1), 1, 20_000)
    site.route(held, given.message(2), 2, 20_001)
    site.connect("bob", given.socket("b", since_ms=20_000))
    assert site.outbox.closed == [(given.KEY, given.connection_id("b"))]


def test_what_was_committed_is_repeated_for_connections_made_inside_the_window_alone() -> None:
    site = given.Site()
    site.connect("alice", given.socket("old", since_ms=10_000), at_ms=12_000)
    site.connect("bob", given.socket("new", since_ms=60_000), at_ms=61_000)
    held = site.holds(MINUTE_AGO)
    site.membership.load("lobby", 0, given.row(0, "alice", "bob"))
    site.route(held, given.message(1), 1, 54_999)
    site.route(held, given.message(2), 2, 55_000)
    site.route(held, given.message(3), 9, 100_000)
    site.route(held, given.message(4), 10, 100_001)
    assert site.outbox.seqs("old") == [4]
    assert site.outbox.seqs("new") == [2, 3, 4]


def test_who_was_announced_after_the_last_commit_is_made_whole_or_closed() -> None:
    site = given.Site()
    site.connect("alice", given.socket("late", since_ms=44_999), at_ms=95_000)
    site.connect("bob", given.socket("known", since_ms=44_999), at_ms=94_999)
    site.connect("carol", given.socket("whole", since_ms=45_000), at_ms=95_000)
    site.holds(MINUTE_AGO)
    assert site.outbox.closed == [(given.KEY, given.connection_id("late"))]


def test_nobody_is_closed_where_the_log_is_younger_than_the_window() -> None:
    site = given.Site()
    site.connect("alice", given.socket("a", since_ms=10_000), at_ms=99_000)
    held = site.holds(
        Takeover(start=0, committed=10, end=10, reaches_ms=0, repeats_from_ms=40_000, committed_ms=100_000)
    )
    site.membership.load("lobby", 0, given.row(0, "alice"))
    site.route(held, given.message(1), 1, 30_000)
    assert site.outbox.closed == []
    assert site.outbox.seqs("a") == [1]


def test_typing_is_shown_to_the_others_and_kept_for_nobody() -> None:
    site = given.Site()
    held = site.holds()
    site.connect("alice", given.socket("a", "typing"))
    site.connect("bob", given.socket("b", "typing"), given.socket("plain"))
    site.route(held, given.created(0, "alice", "bob", "carol"), 0)
    site.dispatch.typing(given.typing("alice"))
    site.connect("carol", given.socket("c", "typing"))
    assert [frame["type"] for frame in site.outbox.frames("b")] == ["TYPING"]
    assert [site.outbox.frames(name) for name in ("a", "plain", "c")] == [[], [], []]
    assert not any(item.durable for _, item in site.outbox.items)


def test_presence_is_shown_to_who_shares_a_room_that_is_held() -> None:
    site = given.Site()
    held = site.holds()
    site.connect("bob", given.socket("b", "presence"))
    site.connect("carol", given.socket("c", "presence"))
    site.route(held, given.created(0, "alice", "bob"), 0)
    site.connect("alice", given.socket("a"))
    site.connect("alice", given.socket("a"), given.socket("a2"))
    site.connect("alice", version=2)
    assert [(frame["type"], frame["status"]) for frame in site.outbox.frames("b")] == [
        ("PRESENCE", "online"),
        ("PRESENCE", "offline"),
    ]
    assert site.outbox.frames("c") == []


def test_a_room_is_silent_about_presence_when_it_is_too_large() -> None:
    site = given.Site()
    held = site.holds()
    site.connect("bob", given.socket("b", "presence"))
    site.route(held, given.created(0, "alice", "bob", *[f"u{number}" for number in range(499)]), 0)
    site.connect("alice", given.socket("a"))
    assert site.outbox.frames("b") == []


def test_a_catch_up_is_under_way_until_it_is_answered() -> None:
    site = given.Site(held=True)
    held = site.holds()
    site.route(held, given.created(0, "bob"), 0, 10_000)
    site.route(held, given.message(1), 1, 10_000)
    site.connect("bob", given.socket("b", since_ms=10_000))
    assert len(held.catch_ups) == 1
    site.outbox.answer()
    assert held.catch_ups == set()
    assert site.loose
    assert all(delivery.done for delivery in site.loose)


def test_a_partition_that_is_lost_takes_its_rooms_with_it() -> None:
    site = given.Site()
    held = site.holds()
    site.route(held, given.created(0, "alice"), 0)
    site.dispatch.drop(0)
    assert site.dispatch.partitions == {}
    assert not site.membership.knows("lobby")


def test_rooms_over_the_bound_are_let_go_when_they_leave_the_window() -> None:
    site = given.Site(rooms_most=1)
    held = site.holds()
    site.route(held, given.created(0, "alice", room="one"), 0, 1_000)
    site.route(held, given.created(1, "alice", room="two"), 1, 2_000)
    site.dispatch.trim()
    assert len(site.membership) == 2
    site.route(held, given.message(2, room="two"), 2, 70_000)
    site.dispatch.trim()
    assert len(site.membership) == 1


def test_the_way_to_a_socket_is_timed_for_what_is_live_and_not_for_what_a_connection_missed() -> None:
    site = given.Site()
    held = site.holds()
    site.connect("alice", given.socket("a"))
    site.route(held, given.created(0, "alice", "bob"), 0, 1_000)
    site.route(held, given.message(1), 1, 20_000)
    site.connect("bob", given.socket("b", since_ms=20_000))
    live, missed = (item for _, item in site.outbox.items if item.message_id is not None)
    assert live.push.accepted_ms == given.message(1).timestamp > 0
    assert missed.push.accepted_ms == 0
