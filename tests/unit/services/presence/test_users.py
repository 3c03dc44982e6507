from services.presence.state import UserState, fold, offline
from services.presence.users import Users
from tests.unit.services.presence.log import at, connected, disconnected

ONLINE = fold(UserState("alice"), at(3, connected("alice")))
GRACE = fold(ONLINE, at(4, disconnected("alice")))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def users(grace_s: float = 5.0) -> tuple[Users, Clock]:
    clock = Clock()
    return Users(grace_s=grace_s, monotonic=clock), clock


def test_the_newest_value_is_held_and_a_lower_position_is_ignored() -> None:
    held, _ = users()
    held.observed(GRACE, 10)
    held.observed(ONLINE, 9)
    assert held.states == {"alice": GRACE}


def test_at_the_same_position_the_higher_version_is_newer() -> None:
    held, _ = users()
    held.observed(GRACE, 10)
    held.observed(offline(GRACE), 11)
    held.observed(GRACE, 9)
    assert held.states["alice"].status == "offline"
    assert not held.overwritten


def test_an_older_value_that_stands_after_ours_must_be_published_over() -> None:
    held, _ = users()
    held.published(GRACE, 10)
    held.observed(ONLINE, 11)
    assert held.overwritten == {"alice"}
    held.published(GRACE, 12)
    assert not held.overwritten


def test_an_older_value_of_our_own_that_is_read_late_is_no_alarm() -> None:
    held, _ = users()
    held.published(ONLINE, 9)
    held.published(GRACE, 10)
    held.observed(ONLINE, 9)
    held.observed(GRACE, 10)
    assert not held.overwritten


def test_what_we_wrote_over_a_newer_value_is_published_over() -> None:
    held, _ = users()
    held.observed(GRACE, 10)
    held.published(ONLINE, 11)
    assert (held.states["alice"], held.overwritten) == (GRACE, {"alice"})


def test_the_grace_begins_when_the_last_connection_has_gone() -> None:
    held, clock = users()
    held.observed(ONLINE, 9)
    assert held.next_grace_s() is None
    held.observed(GRACE, 10)
    assert (held.next_grace_s(), held.grace_over()) == (5.0, [])
    clock.now += 5.0
    assert held.grace_over() == [GRACE]
    held.published(offline(GRACE), 11)
    assert (held.grace_over(), held.next_grace_s()) == ([], None)


def test_a_value_read_again_does_not_prolong_the_grace() -> None:
    held, clock = users()
    held.observed(GRACE, 10)
    clock.now += 3.0
    held.observed(GRACE, 12)
    assert held.next_grace_s() == 2.0


def test_who_comes_back_is_out_of_grace() -> None:
    held, clock = users()
    held.observed(GRACE, 10)
    held.observed(fold(GRACE, at(6, connected("alice", 1))), 11)
    clock.now += 9.0
    assert held.grace_over() == []


def test_connections_and_people_are_counted() -> None:
    held, _ = users()
    held.observed(ONLINE, 1)
    held.observed(fold(UserState("bob"), at(7, connected("bob", 1))), 2)
    assert (held.connections, held.online) == (2, 2)
    held.observed(offline(GRACE), 3)
    assert (held.connections, held.online) == (1, 1)
    assert {state.user_id for state in held} == {"alice", "bob"}
