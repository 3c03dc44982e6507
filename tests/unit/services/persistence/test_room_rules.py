"""Rules of spec 8: who makes rooms, who adds and removes people."""

from typing import Any

import pytest
from msgspec import UNSET

from chassis.projection.view import held
from contracts import table
from contracts.facts import CommandRejected, Fact, NothingChanged, ParticipantRemoved, ParticipantsAdded, RoomCreated
from contracts.rows import FenceRow, MembershipRow, RoomRow
from contracts.timestamps import iso
from services.persistence.case import Rules
from tests.doubles.rooms import NOON, Scene, add, create, remove, send


@pytest.fixture
def scene() -> Scene:
    """alice made the room and bob is in it; carol is approved and outside."""
    made = Scene("alice", "bob", "carol")
    made.decide(create("alice", "bob"))
    return made


def code_of(fact: Fact) -> str:
    assert isinstance(fact, CommandRejected), fact
    return fact.code


def people(scene: Scene, room: str = "room") -> tuple[str, ...]:
    row = held(scene.rows, table.room(room), RoomRow)
    assert row
    return row.participant_ids


def mark(scene: Scene, user: str) -> MembershipRow | None:
    return held(scene.rows, table.membership(user, "room"), MembershipRow)


def test_an_approved_user_makes_a_room_and_is_in_it() -> None:
    scene = Scene("alice")
    asked = create("alice", "bob", "bob", "dave", name="Friends")
    fact = scene.fact(asked)
    assert isinstance(fact, RoomCreated)
    assert fact.participant_ids == ("alice", "bob", "dave")
    assert (fact.name, fact.created_by, fact.created_at) == ("Friends", "alice", iso(NOON + scene.offset))
    assert scene.outcome(asked) == "CREATED"


def test_a_new_room_has_its_rows_and_no_last_message() -> None:
    scene = Scene("alice")
    scene.decide(create("alice", "bob"))
    room = held(scene.rows, table.room("room"), RoomRow)
    fence = held(scene.rows, table.fence("room"), FenceRow)
    assert room
    assert room.position == scene.offset
    assert fence
    assert (fence.position, fence.seq, fence.timestamp) == (scene.offset, 0, 0)
    for user in ("alice", "bob"):
        row = mark(scene, user)
        assert row
        assert (row.last_read_seq, row.joined_at, row.position) == (0, room.created_at, scene.offset)
    assert table.last_message("room") not in scene.rows


def test_the_creator_keeps_the_place_that_the_request_gives() -> None:
    scene = Scene("alice")
    scene.decide(create("alice", "bob", "alice"))
    assert people(scene) == ("bob", "alice")


@pytest.mark.parametrize("status", ["pending", "rejected", None])
def test_who_is_not_approved_makes_no_room(status: Any) -> None:
    scene = Scene()
    if status:
        scene.judge("dave", status)
    asked = create("dave")
    decision = scene.decide(asked)
    assert code_of(decision.fact) == "VERIFICATION_REQUIRED"
    assert scene.outcome(asked) == "VERIFICATION_REQUIRED"
    assert list(decision.writes) == [table.outcome(asked.event_id)]


def test_the_same_creation_again_has_the_same_answer(scene: Scene) -> None:
    asked = create("alice", "alice", "bob")
    fact = scene.fact(asked)
    assert isinstance(fact, NothingChanged)
    assert scene.outcome(asked) == "CREATED"


@pytest.mark.parametrize(
    "other",
    [create("alice", "bob", name="Other"), create("alice", "carol"), create("alice"), create("bob", "alice")],
    ids=["name", "people", "fewer", "creator"],
)
def test_another_room_with_a_taken_id_is_refused(scene: Scene, other: Any) -> None:
    assert code_of(scene.fact(other)) == "ROOM_EXISTS"
    assert scene.outcome(other) == "ROOM_EXISTS"
    assert people(scene) == ("alice", "bob")


def test_a_room_has_a_highest_number_of_people_from_the_start() -> None:
    scene = Scene("alice", rules=Rules(participants_most=3))
    assert code_of(scene.fact(create("alice", "b", "c", "d"))) == "TOO_MANY_PARTICIPANTS"
    assert isinstance(scene.fact(create("alice", "b", "c")), RoomCreated)


def test_an_approved_participant_adds_those_who_are_not_there_yet(scene: Scene) -> None:
    for _ in range(2):
        scene.decide(send("alice"))
    asked = add("bob", "carol", "alice", "dave", "carol")
    fact = scene.fact(asked)
    assert isinstance(fact, ParticipantsAdded)
    assert (fact.user_ids, fact.added_by, fact.participant_count) == (("carol", "dave"), "bob", 4)
    assert (fact.name, fact.last_read_seq, fact.joined_at) == ("A room", 2, iso(NOON + scene.offset))
    assert people(scene) == ("alice", "bob", "carol", "dave")
    assert scene.outcome(asked) == "OK"


def test_the_read_mark_of_who_joins_starts_at_the_rooms_last_message(scene: Scene) -> None:
    for _ in range(3):
        scene.decide(send("alice"))
    scene.decide(add("alice", "carol"))
    joined, there = mark(scene, "carol"), mark(scene, "bob")
    assert joined
    assert (joined.last_read_seq, joined.position) == (3, scene.offset)
    assert there
    assert there.last_read_seq == 0


def test_adding_a_member_succeeds_without_change(scene: Scene) -> None:
    asked = add("alice", "bob")
    decision = scene.decide(asked)
    assert isinstance(decision.fact, NothingChanged)
    assert set(decision.writes) == {table.fence("room"), table.outcome(asked.event_id)}
    assert scene.outcome(asked) == "OK"


def test_a_fact_names_the_profile_that_it_stood_on_also_when_nothing_changed(scene: Scene) -> None:
    assert scene.fact(add("bob", "carol")).profile_position == 2
    assert scene.fact(add("bob", "carol")).profile_position == 2
    assert scene.fact(remove("bob", "bob")).profile_position is UNSET


def test_a_participant_who_is_not_approved_adds_nobody(scene: Scene) -> None:
    scene.judge("bob", "pending")
    assert code_of(scene.fact(add("bob", "carol"))) == "VERIFICATION_REQUIRED"
    assert people(scene) == ("alice", "bob")


def test_who_is_outside_adds_nobody_not_even_oneself(scene: Scene) -> None:
    assert code_of(scene.fact(add("carol", "carol"))) == "NOT_A_PARTICIPANT"
    assert code_of(scene.fact(add("carol", "carol", room="nowhere"))) == "NOT_A_PARTICIPANT"


def test_an_admin_adds_people_only_as_an_approved_participant(scene: Scene) -> None:
    assert code_of(scene.fact(add("root", "root", by_admin=True))) == "VERIFICATION_REQUIRED"
    assert code_of(scene.fact(add("carol", "carol", by_admin=True))) == "NOT_A_PARTICIPANT"
    assert code_of(scene.fact(add("carol", "carol", room="nowhere", by_admin=True))) == "NOT_A_PARTICIPANT"
    assert people(scene) == ("alice", "bob")
    assert isinstance(scene.fact(add("bob", "carol", by_admin=True)), ParticipantsAdded)


def test_over_the_limit_nobody_is_added() -> None:
    scene = Scene("alice", rules=Rules(participants_most=3))
    scene.decide(create("alice", "bob"))
    asked = add("alice", "carol", "dave")
    assert code_of(scene.fact(asked)) == "TOO_MANY_PARTICIPANTS"
    assert scene.outcome(asked) == "TOO_MANY_PARTICIPANTS"
    assert isinstance(scene.fact(add("alice", "bob", "carol")), ParticipantsAdded)
    assert people(scene) == ("alice", "bob", "carol")


def test_everyone_may_go(scene: Scene) -> None:
    asked = remove("bob", "bob")
    fact = scene.fact(asked)
    assert isinstance(fact, ParticipantRemoved)
    assert (fact.user_id, fact.removed_by, fact.participant_count, fact.name) == ("bob", "bob", 1, "A room")
    assert people(scene) == ("alice",)
    assert mark(scene, "bob") is None
    assert scene.outcome(asked) == "OK"


def test_the_creator_and_admins_remove_others(scene: Scene) -> None:
    assert isinstance(scene.fact(remove("alice", "bob")), ParticipantRemoved)
    assert isinstance(scene.fact(remove("root", "alice", by_admin=True)), ParticipantRemoved)
    assert people(scene) == ()


def test_other_participants_remove_nobody_else(scene: Scene) -> None:
    asked = remove("bob", "alice")
    assert code_of(scene.fact(asked)) == "FORBIDDEN"
    assert scene.outcome(asked) == "FORBIDDEN"


def test_who_is_outside_removes_nobody_also_not_as_the_former_creator(scene: Scene) -> None:
    assert code_of(scene.fact(remove("carol", "bob"))) == "NOT_A_PARTICIPANT"
    scene.decide(remove("alice", "alice"))
    assert code_of(scene.fact(remove("alice", "bob"))) == "NOT_A_PARTICIPANT"


def test_removing_who_is_not_there_succeeds_without_change(scene: Scene) -> None:
    for asked in (remove("alice", "carol"), remove("carol", "carol"), remove("root", "carol", by_admin=True)):
        assert isinstance(scene.fact(asked), NothingChanged)
        assert scene.outcome(asked) == "OK"


def test_nobody_is_removed_from_a_room_that_does_not_exist(scene: Scene) -> None:
    asked = remove("alice", "alice", room="nowhere")
    decision = scene.decide(asked)
    assert code_of(decision.fact) == "NOT_A_PARTICIPANT"
    assert list(decision.writes) == [table.outcome(asked.event_id)]
    assert code_of(scene.fact(remove("root", "bob", room="nowhere", by_admin=True))) == "NOT_FOUND"


def test_leaving_a_room_one_is_not_in_does_not_tell_whether_it_exists(scene: Scene) -> None:
    for room in ("room", "nowhere"):
        asked = remove("carol", "carol", room=room)
        scene.decide(asked)
        assert scene.outcome(asked) == "OK"


def test_leaving_a_room_that_does_not_exist_is_refused_the_same_way_when_it_is_read_again(scene: Scene) -> None:
    asked = remove("carol", "carol", room="nowhere")
    first = scene.fact(asked)
    scene.offset -= 1
    again = scene.decide(asked)
    assert again.fact == first
    assert again.writes == {}


def test_who_comes_back_starts_anew(scene: Scene) -> None:
    scene.decide(send("alice"))
    scene.decide(remove("bob", "bob"))
    scene.decide(add("alice", "bob"))
    row = mark(scene, "bob")
    assert row
    assert row.last_read_seq == 1
    assert people(scene) == ("alice", "bob")
