"""Rooms through the HTTP API (spec 8): shapes and waiting are the api's, decisions persistence's (here the test's)."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from contracts.ids import new_event_id
from contracts.submissions import AddParticipants, CreateRoom, RemoveParticipant
from contracts.timestamps import iso
from tests.path.api_bench import T0, Bench, api_on, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    async with api_on(engines, outcome_wait_s=2.0) as running:
        yield running


def create(room: str | None, *people: str, name: str = "Book club") -> dict[str, Any]:
    body: dict[str, Any] = {"name": name, "participantIds": list(people)}
    return body if room is None else body | {"chatRoomId": room}


async def test_a_room_is_made_by_a_submission_with_its_creator_first(bench: Bench) -> None:
    room = unique("room")
    bench.answers[room] = ["CREATED"]
    await bench.room("alice", "bob", name="Book club", room_id=room)
    answered = await bench.ask("POST", "/api/rooms", json=create(room, "bob", "alice", "bob"))
    assert answered.status == 201
    assert answered.body == {
        "chatRoomId": room,
        "name": "Book club",
        "participantIds": ["alice", "bob"],
        "createdBy": "alice",
        "createdAt": iso(T0),
    }
    (event,) = bench.log.of(room)
    assert isinstance(event, CreateRoom)
    assert (event.participant_ids, event.requested_by, event.name) == (("alice", "bob"), "alice", "Book club")
    assert bench.log.keys[event.event_id] == room.encode()


async def test_the_events_of_a_request_go_on_with_its_trace(bench: Bench) -> None:
    room = unique("room")
    bench.answers[room] = ["FORBIDDEN"]
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await bench.ask("POST", "/api/rooms", json=create(room), headers={"traceparent": trace})
    (event,) = bench.log.of(room)
    carried = bench.log.headers[event.event_id]["traceparent"].decode()
    assert carried.startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    assert carried != trace


async def test_a_room_that_exists_as_asked_for_has_the_same_answer_again(bench: Bench) -> None:
    room = await bench.room("alice")
    bench.answers[room] = ["CREATED", "CREATED"]
    first, again = [await bench.ask("POST", "/api/rooms", json=create(room)) for _ in range(2)]
    assert (first.status, first.body["chatRoomId"]) == (201, room)
    assert (again.status, again.body) == (first.status, first.body)


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("VERIFICATION_REQUIRED", 403, "VERIFICATION_REQUIRED"),
        ("FORBIDDEN", 403, "FORBIDDEN"),
        ("NOT_A_PARTICIPANT", 404, "NOT_FOUND"),
        ("NOT_FOUND", 404, "NOT_FOUND"),
        ("ROOM_EXISTS", 409, "ROOM_EXISTS"),
        ("TOO_MANY_PARTICIPANTS", 422, "TOO_MANY_PARTICIPANTS"),
        ("INTERNAL", 500, "INTERNAL"),
        ("A_CODE_OF_NEWER_CODE", 500, "INTERNAL"),
    ],
)
async def test_a_refusal_of_persistence_is_the_answer(bench: Bench, code: str, status: int, told: str) -> None:
    room = unique("room")
    bench.answers[room] = [code]
    answered = await bench.ask("POST", "/api/rooms", json=create(room))
    assert (answered.status, answered.body["code"], answered.body["status"]) == (status, told, status)
    assert answered.headers["content-type"] == "application/problem+json"


async def test_a_late_outcome_is_answered_202_and_told_later(bench: Bench) -> None:
    room = unique("room")
    answered = await bench.ask("POST", "/api/rooms", json=create(room))
    assert answered.status == 202
    event_id = answered.body["eventId"]
    (event,) = bench.log.of(room)
    assert event.event_id == event_id
    assert answered.headers["location"] == f"/api/commands/{event_id}"
    undecided = await bench.ask("GET", f"/api/commands/{event_id}")
    assert (undecided.status, undecided.body) == (202, {"eventId": event_id})
    await bench.outcome(event_id, "CREATED", room)
    told = await bench.ask("GET", f"/api/commands/{event_id}")
    assert (told.status, told.body) == (
        200,
        {"eventId": event_id, "code": "CREATED", "status": 201, "chatRoomId": room},
    )


async def test_a_late_refusal_is_told_with_the_status_it_would_have_had(bench: Bench) -> None:
    event_id = new_event_id()
    await bench.outcome(event_id, "NOT_A_PARTICIPANT", None)
    told = await bench.ask("GET", f"/api/commands/{event_id}")
    assert (told.status, told.body) == (200, {"eventId": event_id, "code": "NOT_FOUND", "status": 404})


async def test_an_outcome_past_its_ttl_is_gone_though_the_row_is_there(bench: Bench) -> None:
    event_id = new_event_id()
    await bench.outcome(event_id, "OK", None, ttl=int(T0 / 1000))
    assert (await bench.ask("GET", f"/api/commands/{event_id}")).status == 202


async def test_an_outcome_that_comes_while_the_request_waits_is_its_answer(bench: Bench) -> None:
    room = await bench.room("alice")
    asked = asyncio.create_task(bench.ask("PUT", f"/api/rooms/{room}/participants/bob"))
    (event,) = await eventually(lambda: bench.log.of(room))
    assert not asked.done()
    await bench.outcome(event.event_id, "OK", room)
    assert (await asked).status == 200


async def test_an_id_is_chosen_where_none_is_given(bench: Bench) -> None:
    answered = await bench.ask("POST", "/api/rooms", json=create(None, name="No id of its own"))
    assert answered.status == 202
    event = next(e for e in bench.log.events if e.event_id == answered.body["eventId"])
    assert isinstance(event, CreateRoom)
    assert len(event.chat_room_id) == 36


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "\u3000"},
        {"name": "x" * 201},
        {"name": "bell\u0007"},
        {"name": "\ud800"},
        {"name": 7},
        {"name": None},
        {},
        [],
        "text",
        {"name": "n", "participantIds": "bob"},
        {"name": "n", "participantIds": ["bob#1"]},
        {"name": "n", "participantIds": [""]},
        {"name": "n", "participantIds": [None]},
        {"name": "n", "chatRoomId": "a/b"},
        {"name": "n", "chatRoomId": ""},
        {"name": "n", "chatRoomId": "x" * 65},
        {"name": "n", "chatRoomId": "ends\n"},
    ],
)
async def test_a_malformed_room_is_refused_and_nothing_is_published(bench: Bench, body: Any) -> None:
    before = len(bench.log.events)
    answered = await bench.ask("POST", "/api/rooms", json=body)
    assert (answered.status, answered.body["code"]) == (422, "UNPROCESSABLE")
    assert answered.body["errors"]
    assert len(bench.log.events) == before


@pytest.mark.parametrize("name", ["x", "話" * 200, "😀 " * 100, "全角\u3000スペース", "👩‍👧"])
async def test_a_name_of_1_to_200_characters_is_taken_as_it_is(bench: Bench, name: str) -> None:
    room = unique("room")
    bench.answers[room] = ["FORBIDDEN"]
    await bench.ask("POST", "/api/rooms", json=create(room, name=name))
    (event,) = bench.log.of(room)
    assert event.name == name


async def test_more_than_40_participants_are_submitted_in_order_under_the_rooms_key(bench: Bench) -> None:
    room = unique("room")
    people = [f"p{number}" for number in range(100)]
    await bench.room("alice", *people, name="Book club", room_id=room)
    bench.answers[room] = ["CREATED", "OK", "OK"]
    answered = await bench.ask("POST", "/api/rooms", json=create(room, *people))
    assert answered.status == 201
    events = bench.log.of(room)
    assert [type(event) for event in events] == [CreateRoom, AddParticipants, AddParticipants]
    assert events[0].participant_ids == ("alice", *people[:39])
    assert events[1].user_ids + events[2].user_ids == tuple(people[39:])
    assert {bench.log.keys[event.event_id] for event in events} == {room.encode()}


async def test_exactly_40_participants_are_one_submission(bench: Bench) -> None:
    room = unique("room")
    bench.answers[room] = ["FORBIDDEN"]
    await bench.ask("POST", "/api/rooms", json=create(room, *(f"p{number}" for number in range(39))))
    assert [type(event) for event in bench.log.of(room)] == [CreateRoom]


async def test_a_large_room_may_be_asked_for_again(bench: Bench) -> None:
    people = [f"p{number}" for number in range(60)]
    room = await bench.room("alice", *people, name="Book club")
    bench.answers[room] = ["ROOM_EXISTS"]
    answered = await bench.ask("POST", "/api/rooms", json=create(room, *people))
    assert (answered.status, answered.body["chatRoomId"]) == (201, room)
    assert [type(event) for event in bench.log.of(room)] == [CreateRoom]


async def test_an_interrupted_large_room_is_completed_by_asking_again(bench: Bench) -> None:
    people = [f"p{number}" for number in range(60)]
    room = await bench.room("alice", *people[:39], name="Book club")
    bench.answers[room] = ["ROOM_EXISTS", "OK"]
    answered = await bench.ask("POST", "/api/rooms", json=create(room, *people))
    assert answered.status == 201
    assert bench.log.of(room)[1].user_ids == tuple(people[39:])


@pytest.mark.parametrize(
    ("owner", "name", "others"),
    [
        ("mallory", "Book club", ["alice"]),
        ("alice", "Another", []),
        ("alice", "Book club", ["stranger"]),
        ("alice", "Book club", ["p0"]),
    ],
)
async def test_nobody_is_added_to_another_room_of_the_same_id(
    bench: Bench, owner: str, name: str, others: list[str]
) -> None:
    room = await bench.room(owner, *others, name=name)
    bench.answers[room] = ["ROOM_EXISTS", "OK"]
    people = [f"p{number}" for number in range(60)]
    answered = await bench.ask("POST", "/api/rooms", json=create(room, *people))
    assert (answered.status, answered.body["code"]) == (409, "ROOM_EXISTS")
    assert [type(event) for event in bench.log.of(room)] == [CreateRoom]


async def test_a_large_room_that_is_not_known_to_be_whole_asks_to_be_repeated(bench: Bench) -> None:
    room = unique("room")
    bench.answers[room] = ["CREATED"]
    answered = await bench.ask("POST", "/api/rooms", json=create(room, *(f"p{number}" for number in range(60))))
    assert (answered.status, answered.body["code"]) == (503, "UNAVAILABLE")
    assert "repeat" in answered.body["detail"]


async def test_more_than_1000_participants_are_refused(bench: Bench) -> None:
    room = unique("room")
    answered = await bench.ask("POST", "/api/rooms", json=create(room, *(f"p{number}" for number in range(1_000))))
    assert (answered.status, answered.body["code"]) == (422, "TOO_MANY_PARTICIPANTS")
    assert bench.log.of(room) == []


async def test_adding_and_removing_tell_who_asks_and_whether_an_admin_does(bench: Bench) -> None:
    room = unique("room")
    bench.answers[room] = ["OK", "OK"]
    path = f"/api/rooms/{room}/participants/erin@example.com"
    added = await bench.ask("PUT", path)
    removed = await bench.ask("DELETE", path, by="root", groups=["admin"])
    assert (added.status, removed.status) == (200, 200), (added, removed)
    first, second = bench.log.of(room)
    assert isinstance(first, AddParticipants)
    assert (first.user_ids, first.requested_by, first.by_admin) == (("erin@example.com",), "alice", False)
    assert isinstance(second, RemoveParticipant)
    assert (second.user_id, second.requested_by, second.by_admin) == ("erin@example.com", "root", True)
    assert (added.status, added.body) == (
        200,
        {"eventId": first.event_id, "code": "OK", "status": 200, "chatRoomId": room},
    )
    assert removed.status == 200


async def test_a_malformed_id_in_a_path_is_refused(bench: Bench) -> None:
    for path in ("/api/rooms/a%23b", "/api/rooms/r/participants/a%23b", f"/api/rooms/{'x' * 65}/messages"):
        answered = await bench.ask("PUT" if "participants" in path else "GET", path)
        assert (answered.status, answered.body["code"]) == (422, "UNPROCESSABLE"), path
