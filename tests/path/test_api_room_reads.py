"""What the HTTP API tells of rooms (spec 8): the list of one's own, a room, who is there."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from chassis.records import outgoing
from contracts import table as keys
from contracts.ids import new_event_id
from contracts.presence import PresenceChanged
from contracts.timestamps import iso
from contracts.topics import PRESENCE
from tests.path.api_bench import T0, Bench, api_on, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    async with api_on(engines, outcome_wait_s=2.0) as running:
        yield running


async def test_my_rooms_come_newest_message_first_with_last_message_and_unread_count(bench: Bench) -> None:
    me = unique("user")
    silent = await bench.room(me, created_ms=T0 + 1_000, name="silent")
    old = await bench.room(me, "bob", created_ms=T0 - 5_000, name="old")
    busy = await bench.room(me, "bob", created_ms=T0 - 9_000, name="busy")
    await bench.messages(old, 3)
    await bench.messages(busy, 4, start=T0 + 5_000)
    await bench.member(me, busy, last_read_seq=1)
    await bench.member(me, old, last_read_seq=3)
    answered = await bench.ask("GET", "/api/rooms", by=me)
    rooms = answered.body["rooms"]
    assert [(room["chatRoomId"], room["unread"]) for room in rooms] == [(busy, 3), (silent, 0), (old, 0)]
    assert rooms[0] == {
        "chatRoomId": busy,
        "name": "busy",
        "createdBy": me,
        "createdAt": iso(T0 - 9_000),
        "joinedAt": iso(T0),
        "participantCount": 2,
        "lastSeq": 4,
        "lastReadSeq": 1,
        "unread": 3,
        "lastMessage": {
            "messageId": "id-4",
            "senderId": "bob",
            "content": "m 4",
            "createdAt": iso(T0 + 5_040),
            "seq": 4,
        },
    }
    assert "lastMessage" not in rooms[1]


async def test_a_user_without_rooms_has_none(bench: Bench) -> None:
    assert (await bench.ask("GET", "/api/rooms", by=unique("user"))).body == {"rooms": []}


async def test_more_rooms_than_one_read_of_the_table_takes_are_all_listed(bench: Bench) -> None:
    me = unique("user")
    made = await asyncio.gather(*(bench.room(me) for _ in range(60)))
    answered = await bench.ask("GET", "/api/rooms", by=me)
    assert {room["chatRoomId"] for room in answered.body["rooms"]} == set(made)


async def test_a_room_one_was_just_removed_from_is_not_listed(bench: Bench) -> None:
    me = unique("user")
    room = await bench.room("bob")
    await bench.member(me, room)
    assert (await bench.ask("GET", "/api/rooms", by=me)).body == {"rooms": []}


async def test_a_room_gives_its_participants_names_and_how_far_they_have_read(bench: Bench) -> None:
    await bench.profile("carol", "Carol 花")
    room = await bench.room("alice", "carol", "nobody-yet", name="Details")
    await bench.messages(room, 2)
    await bench.member("carol", room, last_read_seq=2)
    answered = await bench.ask("GET", f"/api/rooms/{room}")
    assert answered.status == 200
    assert answered.body["participants"] == [
        {"userId": "alice", "displayName": "alice", "lastReadSeq": 0},
        {"userId": "carol", "displayName": "Carol 花", "lastReadSeq": 2},
        {"userId": "nobody-yet", "displayName": "nobody-yet", "lastReadSeq": 0},
    ]
    assert (answered.body["name"], answered.body["unread"], answered.body["participantCount"]) == ("Details", 2, 3)


async def test_a_room_one_is_not_in_looks_like_one_that_is_not_there(bench: Bench) -> None:
    room = await bench.room("alice")
    for suffix in ("", "/presence"):
        strange = await bench.ask("GET", f"/api/rooms/{room}{suffix}", by="mallory")
        missing = await bench.ask("GET", f"/api/rooms/{unique('none')}{suffix}", by="mallory")
        assert (strange.status, strange.body["code"]) == (404, "NOT_FOUND")
        assert strange.body == missing.body


async def test_presence_of_a_room_is_what_the_topic_says(bench: Bench) -> None:
    here, away, never = unique("here"), unique("away"), unique("never")
    room = await bench.room(here, away, never)
    await bench.api.publisher.publish(
        [
            outgoing(PRESENCE, user_id, presence_of(user_id, status, version, position))
            for user_id, status, version, position in (
                (here, "offline", 1, 5),
                (here, "online", 2, 9),
                (here, "offline", 1, 5),
                (away, "online", 3, 7),
                (away, "offline", 4, 7),
            )
        ]
    )

    async def told() -> bool:
        answered = await bench.ask("GET", f"/api/rooms/{room}/presence", by=here)
        assert answered.body == {
            "presence": [
                {"userId": here, "status": "online", "lastSeenAt": iso(T0 + 9), "version": 2},
                {"userId": away, "status": "offline", "lastSeenAt": iso(T0 + 7), "version": 4},
                {"userId": never, "status": "offline", "version": 0},
            ]
        }
        return True

    await eventually(told)


def presence_of(user_id: str, status: Any, version: int, position: int) -> PresenceChanged:
    return PresenceChanged(
        event_id=new_event_id(),
        occurred_at=iso(T0),
        user_id=user_id,
        status=status,
        last_seen_at=iso(T0 + position),
        presence_version=version,
        position=position,
    )


async def test_the_api_writes_nothing_into_the_table(bench: Bench) -> None:
    room = unique("room")
    bench.answers[room] = ["OK"]
    await bench.ask("PUT", f"/api/rooms/{room}/participants/bob")
    assert await bench.table.query(keys.room_pk(room)) == []
