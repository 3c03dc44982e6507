import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.limits import PARTICIPANTS_PER_SUBMISSION
from contracts.rows import RoomRow
from services.persistence.api.creation import Wanted
from services.persistence.api.shapes import NewRoom

people = st.lists(st.integers(0, 200).map(lambda number: f"p{number}"), max_size=260)


def room(*participants: str, by: str = "alice", name: str = "Club") -> RoomRow:
    return RoomRow(position=1, chat_room_id="r", name=name, participant_ids=participants, created_by=by, created_at="t")


@given(people)
def test_everybody_is_submitted_once_the_creator_first_and_never_more_than_40_at_a_time(asked: list[str]) -> None:
    wanted = Wanted.of(NewRoom(name="n", participant_ids=asked), "alice")
    parts = [wanted.first.participant_ids, *(submission.user_ids for submission in wanted.rest)]
    submitted = [user_id for part in parts for user_id in part]
    assert submitted == ["alice", *dict.fromkeys(asked)]
    assert all(1 <= len(part) <= PARTICIPANTS_PER_SUBMISSION for part in parts)


def test_all_parts_are_of_one_room_in_the_creators_name_with_ids_of_their_own() -> None:
    wanted = Wanted.of(NewRoom(name="n", participant_ids=[f"p{n}" for n in range(90)]), "alice")
    submissions = [wanted.first, *wanted.rest]
    assert {submission.chat_room_id for submission in submissions} == {wanted.chat_room_id}
    assert {wanted.first.requested_by, *(added.requested_by for added in wanted.rest)} == {"alice"}
    assert len({s.event_id for s in submissions}) == 3


def test_two_rooms_without_an_id_are_two_rooms() -> None:
    asked = NewRoom(name="n")
    assert Wanted.of(asked, "alice").chat_room_id != Wanted.of(asked, "alice").chat_room_id


PEOPLE = [f"p{number}" for number in range(99)]
LARGE = Wanted.of(NewRoom(name="Club", participant_ids=PEOPLE), "alice")


def added(*, to: RoomRow | None) -> list[tuple[str, ...]] | None:
    missing = LARGE.missing(to)
    return None if missing is None else [submission.user_ids for submission in missing]


def test_what_an_interrupted_request_left_undone_is_told_by_who_is_in_the_room() -> None:
    second, third = tuple(PEOPLE[39:79]), tuple(PEOPLE[79:])
    assert added(to=room("alice", *PEOPLE[:39])) == [second, third]
    assert added(to=room("alice", *PEOPLE[:79])) == [third]
    assert added(to=room(*reversed(PEOPLE), "alice")) == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(None, id="no room"),
        pytest.param(room(), id="everybody has left"),
        pytest.param(room("alice"), id="a smaller room"),
        pytest.param(room("alice", *PEOPLE[:38]), id="one of the first has left"),
        pytest.param(room("alice", *PEOPLE[:98]), id="one of the last has left"),
        pytest.param(room("alice", *PEOPLE[:39], PEOPLE[50]), id="somebody was added one by one"),
        pytest.param(room("alice", *PEOPLE, "mallory"), id="a stranger"),
        pytest.param(room("alice", *PEOPLE[:39], by="bob"), id="another creator"),
        pytest.param(room("alice", *PEOPLE[:39], name="Another"), id="another name"),
    ],
)
def test_a_room_that_no_interrupted_request_leaves_behind_is_not_completed(other: RoomRow | None) -> None:
    assert added(to=other) is None
