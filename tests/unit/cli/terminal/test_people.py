from __future__ import annotations

from cli.terminal.people import People
from contracts.presence import PresenceStatus
from contracts.server_frames import PresenceFrame


def presence(user_id: str, status: PresenceStatus, version: int) -> PresenceFrame:
    return PresenceFrame(user_id=user_id, status=status, last_seen_at="2026-01-01T00:00:00.000Z", version=version)


def lobby() -> People:
    people = People("alice")
    people.are({"alice": "Alice", "bob": "Bob", "carol": "Carol"})
    return people


def test_who_looks_is_online() -> None:
    assert lobby().online == ("alice",)


def test_people_come_and_go() -> None:
    people = lobby()
    assert people.presence(presence("bob", "online", 1))
    assert people.is_online("bob")
    assert list(people.online) == ["alice", "bob"]
    assert people.presence(presence("bob", "offline", 2))
    assert list(people.online) == ["alice"]


def test_a_version_that_is_not_newer_is_ignored() -> None:
    people = lobby()
    people.presence(presence("bob", "offline", 2))
    assert not people.presence(presence("bob", "online", 1))
    assert not people.presence(presence("bob", "online", 2))
    assert not people.is_online("bob")


def test_typing_is_shown_for_five_seconds_or_until_the_message_is_there() -> None:
    people = lobby()
    people.typing("bob", 0.0)
    people.typing("carol", 2.0)
    people.typing("alice", 2.0)
    assert people.typing_at(4.9) == ("bob", "carol")
    assert people.typing_at(5.0) == ("carol",)
    people.wrote("carol")
    assert people.typing_at(5.1) == ()


def test_a_read_mark_only_moves_forward() -> None:
    people = lobby()
    people.read("bob", 7)
    people.read("bob", 3)
    people.read("alice", 9)
    assert people.readers(7) == ("bob",)
    assert people.readers(8) == ()


def test_those_who_left_are_gone_and_those_who_came_have_an_id_at_least() -> None:
    people = lobby()
    people.come(("dave", "bob"))
    people.go(("carol",))
    assert people.members == ("alice", "bob", "dave")
    assert people.name("bob") == "Bob"
