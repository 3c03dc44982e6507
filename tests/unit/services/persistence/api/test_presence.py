import pytest

from chassis.records import Record
from contracts.envelope import Undecodable, encode
from contracts.presence import PresenceChanged, PresenceStatus
from contracts.topics import PRESENCE
from services.persistence.api.presence import NEVER_SEEN, PresenceView


def record(value: bytes | None, key: str = "alice") -> Record:
    return Record(PRESENCE.name, 0, 0, 0, key.encode(), value)


def changed(status: PresenceStatus, version: int, position: int, user: str = "alice") -> Record:
    event = PresenceChanged(
        event_id="e",
        occurred_at="t",
        user_id=user,
        status=status,
        last_seen_at=f"seen-{position}",
        presence_version=version,
        position=position,
    )
    return record(encode(event))


@pytest.fixture
def view() -> PresenceView:
    return PresenceView()


def test_who_never_connected_is_offline(view: PresenceView) -> None:
    assert view.of("alice") == NEVER_SEEN
    assert NEVER_SEEN.status == "offline"


def test_the_newest_value_counts(view: PresenceView) -> None:
    view.apply(changed("online", 1, 5))
    view.apply(changed("offline", 2, 9))
    found = view.of("alice")
    assert (found.status, found.version, found.last_seen_at) == ("offline", 2, "seen-9")


def test_a_value_at_a_lower_position_is_ignored(view: PresenceView) -> None:
    view.apply(changed("online", 3, 9))
    view.apply(changed("offline", 2, 5))
    assert view.of("alice").status == "online"


def test_the_end_of_the_grace_changes_the_status_at_the_same_position(view: PresenceView) -> None:
    view.apply(changed("online", 3, 9))
    view.apply(changed("offline", 4, 9))
    assert view.of("alice").status == "offline"


def test_a_tombstone_forgets_the_user(view: PresenceView) -> None:
    view.apply(changed("online", 3, 9))
    view.apply(record(None))
    assert view.of("alice") == NEVER_SEEN


def test_what_is_no_presence_is_refused_and_changes_nothing(view: PresenceView) -> None:
    view.apply(changed("online", 3, 9))
    with pytest.raises(Undecodable):
        view.apply(record(b"not json"))
    assert view.of("alice").status == "online"


def test_who_is_online_is_never_forgotten_and_of_the_others_who_has_gone_longest_is() -> None:
    view = PresenceView(offline_held=2)
    view.apply(changed("online", 1, 1, "online"))
    for position, user in enumerate(("a", "b", "a", "c"), 2):
        view.apply(changed("offline", position, position, user))
    assert [view.of(user).last_seen_at for user in ("online", "a", "b", "c")] == ["seen-1", "seen-4", None, "seen-5"]
