import pytest

from chassis.auth.claims import Identity
from chassis.auth.revocations import Revocations

REVOKED_MS = 1_700_000_000_400
SECOND = REVOKED_MS // 1000
DAY = 86_400


class Clock:
    def __init__(self) -> None:
        self.now = SECOND + 1.0

    def __call__(self) -> float:
        return self.now


def alice(issued_at: float | None, user_id: str = "alice") -> Identity:
    return Identity(user_id, user_id, (), issued_at, SECOND + 9999)


@pytest.mark.parametrize(
    ("issued_at", "revoked"),
    [(SECOND - 3600, True), (SECOND, True), (SECOND + 0.9, True), (SECOND + 1, False), (None, True)],
)
def test_a_token_issued_until_the_revocations_second_is_refused(issued_at: float | None, revoked: bool) -> None:
    revocations = Revocations(clock=Clock())
    revocations.record("alice", REVOKED_MS)
    assert revocations.is_revoked(alice(issued_at)) is revoked


def test_others_are_not_concerned() -> None:
    revocations = Revocations(clock=Clock())
    revocations.record("alice", REVOKED_MS)
    assert not revocations.is_revoked(alice(SECOND - 1, "bob"))
    assert not revocations.is_revoked(alice(None, "bob"))


def test_the_latest_revocation_counts_in_whatever_order_they_come() -> None:
    revocations = Revocations(clock=Clock())
    for revoked_at_ms in (REVOKED_MS, REVOKED_MS + 5000, REVOKED_MS):
        revocations.record("alice", revoked_at_ms)
    assert revocations.is_revoked(alice(SECOND + 5))
    assert not revocations.is_revoked(alice(SECOND + 6))


def test_a_revocation_is_remembered_for_a_day() -> None:
    clock = Clock()
    revocations = Revocations(clock=clock)
    revocations.record("alice", REVOKED_MS)
    clock.now = REVOKED_MS / 1000 + DAY
    assert revocations.is_revoked(alice(SECOND))
    clock.now += 1
    assert not revocations.is_revoked(alice(SECOND))


def test_what_is_a_day_old_takes_no_room() -> None:
    clock = Clock()
    revocations = Revocations(clock=clock)
    revocations.record("alice", REVOKED_MS)
    clock.now += DAY
    revocations.record("bob", REVOKED_MS + DAY * 1000)
    assert len(revocations) == 1


def test_it_is_bounded_and_forgets_nobody_early() -> None:
    revocations = Revocations(clock=Clock(), capacity=2)
    for number, user_id in enumerate(("alice", "bob", "carol")):
        revocations.record(user_id, REVOKED_MS + number)
    assert len(revocations) == 2
    assert all(revocations.is_revoked(alice(SECOND, user_id)) for user_id in ("alice", "bob", "carol"))
    assert revocations.is_revoked(alice(SECOND, "dave"))
    assert not revocations.is_revoked(alice(SECOND + 1, "dave"))
