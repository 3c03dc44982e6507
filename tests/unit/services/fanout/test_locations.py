"""Where a user is connected."""

from services.fanout.locations import Locations, wants
from services.fanout.route import Frame
from tests.unit.services.fanout import given

ALICE = Frame(b"{}", frozenset({"alice"}))


def ids(*names: str) -> list[str]:
    return [given.connection_id(name) for name in names]


def test_a_frame_reaches_every_connection_of_every_user_by_gateway() -> None:
    locations = Locations()
    locations.apply(given.presence("alice", 1, given.socket("a"), given.socket("b", key=given.OTHER)), 0)
    locations.apply(given.presence("bob", 2, given.socket("c")), 0)
    locations.apply(given.presence("carol", 3, given.socket("d")), 0)
    found = locations.targets(Frame(b"{}", frozenset({"alice", "bob"})))
    assert {key: sorted(connections) for key, connections in found.items()} == {
        given.KEY: ids("a", "c"),
        given.OTHER: ids("b"),
    }


def test_a_frame_with_a_feature_reaches_who_asked_for_it() -> None:
    locations = Locations()
    locations.apply(given.presence("alice", 1, given.socket("a", "read"), given.socket("b", "rooms")), 0)
    assert locations.targets(Frame(b"{}", frozenset({"alice"}), "read")) == {given.KEY: ids("a")}


def test_the_newest_value_replaces_the_older_one() -> None:
    locations = Locations()
    locations.apply(given.presence("alice", 1, given.socket("a"), given.socket("b")), 0)
    change = locations.apply(given.presence("alice", 2, given.socket("b"), given.socket("c")), 0)
    assert [place.connection_id for place in change.appeared] == ids("c")
    assert locations.targets(ALICE) == {given.KEY: ids("b", "c")}
    assert len(locations) == 2


def test_a_value_with_a_lower_position_is_ignored() -> None:
    locations = Locations()
    locations.apply(given.presence("alice", 5, given.socket("b")), 0)
    change = locations.apply(given.presence("alice", 4, given.socket("a"), version=9), 0)
    assert (change.appeared, change.news) == ((), None)
    assert locations.targets(ALICE) == {given.KEY: ids("b")}


def test_the_end_of_the_grace_period_changes_the_status_at_the_same_position() -> None:
    locations = Locations()
    locations.apply(given.presence("alice", 5, given.socket("a"), version=1), 0)
    locations.apply(given.presence("alice", 6, version=1), 0)
    change = locations.apply(given.presence("alice", 6, version=2), 0)
    assert change.news is not None
    assert change.news.status == "offline"
    again = locations.apply(given.presence("alice", 6, version=1), 0)
    assert again.news is None


def test_a_status_that_stays_is_no_news() -> None:
    locations = Locations()
    assert locations.apply(given.presence("alice", 1, given.socket("a")), 0).news is not None
    assert locations.apply(given.presence("alice", 2, given.socket("a"), given.socket("b")), 0).news is None


def test_a_forgotten_connection_does_not_come_back_with_a_value_that_still_names_it() -> None:
    locations = Locations()
    locations.apply(given.presence("alice", 1, given.socket("a"), given.socket("b")), 0)
    place = locations.forget(given.connection_id("a"))
    assert place is not None
    assert place.user_id == "alice"
    change = locations.apply(given.presence("alice", 2, given.socket("a"), given.socket("b"), given.socket("c")), 0)
    assert [place.connection_id for place in change.appeared] == ids("c")
    assert locations.targets(ALICE) == {given.KEY: ids("b", "c")}
    assert locations.forget(given.connection_id("a")) is None


def test_when_a_connection_was_first_named_is_remembered() -> None:
    locations = Locations()
    locations.apply(given.presence("alice", 1, given.socket("a", since_ms=90_000)), 100_000)
    locations.apply(given.presence("alice", 2, given.socket("a", since_ms=90_000)), 200_000)
    (place,) = locations
    assert (place.begins_ms, place.learned_ms) == (85_000, 100_000)


def test_a_connection_wants_what_is_for_its_user_and_its_features() -> None:
    locations = Locations()
    locations.apply(given.presence("alice", 1, given.socket("a", "read")), 0)
    (place,) = locations
    assert wants(place, ALICE)
    assert wants(place, Frame(b"{}", frozenset({"alice"}), "read"))
    assert not wants(place, Frame(b"{}", frozenset({"alice"}), "rooms"))
    assert not wants(place, Frame(b"{}", frozenset({"bob"})))
