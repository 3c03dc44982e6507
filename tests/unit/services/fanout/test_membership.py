"""Who is in a room, as of the facts routed so far."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from contracts.facts import Fact
from services.fanout.membership import Membership
from tests.unit.services.fanout import given


def view(rooms_most: int = 100, participants_most: int = 1_000) -> Membership:
    return Membership(rooms_most=rooms_most, participants_most=participants_most)


def advance(membership: Membership, fact: Fact, time_ms: int = 0) -> bool:
    return membership.advance(fact, 0, time_ms)


def test_a_room_that_is_created_needs_no_table() -> None:
    membership = view()
    assert advance(membership, given.created(3, "alice", "bob"))
    assert membership.knows("lobby")
    assert membership.people("lobby") == {"alice", "bob"}


def test_people_come_and_go_with_the_facts() -> None:
    membership = view()
    membership.load("lobby", 0, given.row(3, "alice", "bob"))
    advance(membership, given.added(4, "carol"))
    advance(membership, given.removed(5, "bob"))
    assert membership.people("lobby") == {"alice", "carol"}


def test_facts_at_or_below_the_loaded_position_change_nothing() -> None:
    membership = view()
    membership.load("lobby", 0, given.row(5, "alice"))
    assert advance(membership, given.added(4, "bob"))
    assert advance(membership, given.added(5, "bob"))
    assert membership.people("lobby") == {"alice"}


def test_a_view_that_is_ahead_is_used_as_it_is() -> None:
    membership = view()
    membership.load("lobby", 0, given.row(9, "alice"))
    assert advance(membership, given.message(7))
    assert membership.people("lobby") == {"alice"}


def test_a_later_load_that_is_not_ahead_is_ignored() -> None:
    membership = view()
    membership.load("lobby", 0, given.row(3, "alice", "bob"))
    advance(membership, given.removed(5, "bob"))
    membership.load("lobby", 0, given.row(3, "alice", "bob"))
    assert membership.people("lobby") == {"alice"}


def test_a_repeated_fact_is_routed_once() -> None:
    membership = view()
    assert advance(membership, given.message(4))
    assert not advance(membership, given.message(4))
    assert not advance(membership, given.message(3))
    assert advance(membership, given.message(5))


def test_a_room_of_which_only_a_refusal_was_seen_is_not_known() -> None:
    membership = view()
    advance(membership, given.rejected(2, "NOT_A_PARTICIPANT", None))
    assert not membership.knows("lobby")


def test_the_least_recently_used_room_is_forgotten_first() -> None:
    membership = view(rooms_most=2)
    for position, room in enumerate(("one", "two", "three")):
        membership.load(room, 0, given.row(position, "alice", room=room))
    membership.load("one", 0, given.row(0, "alice", room="one"))
    membership.trim(lambda _partition: 1)
    assert [membership.knows(room) for room in ("one", "two", "three")] == [True, False, True]
    assert len(membership.shared_with("alice")) == 2


def test_rooms_are_forgotten_when_they_hold_too_many_people() -> None:
    membership = view(participants_most=3)
    membership.load("one", 0, given.row(1, "alice", "bob", room="one"))
    membership.load("two", 0, given.row(2, "alice", "bob", room="two"))
    membership.trim(lambda _partition: 1)
    assert membership.participants == 2
    assert not membership.knows("one")


def test_a_room_with_a_fact_inside_the_window_is_never_forgotten() -> None:
    membership = view(rooms_most=1)
    for position, room in enumerate(("one", "two", "three")):
        membership.load(room, 0, given.row(position, "alice", room=room))
        membership.advance(given.message(position + 10, room=room), 0, 1_000 + position)
    membership.trim(lambda _partition: 1_000)
    assert len(membership) == 3
    membership.trim(lambda _partition: 1_002)
    assert [membership.knows(room) for room in ("one", "two", "three")] == [False, False, True]


def test_the_rooms_of_a_lost_partition_are_forgotten() -> None:
    membership = view()
    membership.load("one", 0, given.row(1, "alice", "bob", room="one"))
    membership.load("two", 1, given.row(1, "alice", room="two"))
    membership.drop_partition(0)
    assert not membership.knows("one")
    assert membership.shared_with("alice") == [{"alice"}]
    assert membership.shared_with("bob") == []
    assert membership.participants == 1


PEOPLE = ("alice", "bob", "carol")
CHANGES = st.lists(st.tuples(st.booleans(), st.sampled_from(PEOPLE)), max_size=20)


@for_all(changes=CHANGES, loaded_at=st.integers(0, 20), repeat=st.integers(1, 3))
def test_wherever_the_table_stood_when_it_was_read_the_end_is_the_same(
    changes: list[tuple[bool, str]], loaded_at: int, repeat: int
) -> None:
    facts: list[Fact] = [given.created(0, "alice")]
    states = [{"alice"}]
    for position, (comes, person) in enumerate(changes, start=1):
        facts.append(given.added(position, person) if comes else given.removed(position, person))
        states.append(states[-1] | {person} if comes else states[-1] - {person})
    loaded = min(loaded_at, len(changes))
    membership = view()
    membership.load("lobby", 0, given.row(loaded, *sorted(states[loaded])))
    for fact in facts:
        for _ in range(repeat):
            advance(membership, fact)
        position = fact.submission.offset
        assert membership.people("lobby") == states[max(position, loaded)]
    assert membership.participants == len(states[-1])
    assert len(membership.shared_with("alice")) == ("alice" in states[-1])
