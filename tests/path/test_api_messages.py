"""The history of a room through the HTTP API: GET /api/rooms/{id}/messages (spec 8)."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from contracts import table as keys
from tests.path.api_bench import T0, Bench, api_on, unique

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine

ALL = list(range(1, 121))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    async with api_on(engines) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def room(bench: Bench) -> str:
    room_id = await bench.room("alice", "bob")
    await bench.messages(room_id, 120)
    return room_id


def at(seq: int) -> int:
    return T0 + seq * 10


async def page(bench: Bench, room: str, **query: Any) -> tuple[list[int], bool]:
    answered = await bench.ask("GET", f"/api/rooms/{room}/messages", params=query)
    assert answered.status == 200, answered.body
    return [message["seq"] for message in answered.body["messages"]], answered.body["hasMore"]


async def test_without_after_and_before_the_newest_page_comes_ascending(bench: Bench, room: str) -> None:
    assert await page(bench, room) == (ALL[-50:], True)


async def test_after_gives_the_page_that_follows_a_message(bench: Bench, room: str) -> None:
    assert await page(bench, room, after=at(10), limit=5) == ([11, 12, 13, 14, 15], True)


async def test_after_0_starts_at_the_beginning(bench: Bench, room: str) -> None:
    assert await page(bench, room, after=0, limit=3) == ([1, 2, 3], True)


async def test_before_gives_the_newest_page_of_that_side_ascending(bench: Bench, room: str) -> None:
    assert await page(bench, room, before=at(10), limit=3) == ([7, 8, 9], True)


async def test_has_more_tells_of_the_side_that_was_asked_for(bench: Bench, room: str) -> None:
    assert await page(bench, room, before=at(4), limit=3) == ([1, 2, 3], False)
    assert await page(bench, room, before=at(5), limit=3) == ([2, 3, 4], True)
    assert await page(bench, room, after=at(117), limit=3) == ([118, 119, 120], False)
    assert await page(bench, room, after=at(116), limit=3) == ([117, 118, 119], True)


async def test_beyond_either_end_there_is_an_empty_page(bench: Bench, room: str) -> None:
    assert await page(bench, room, after=at(120)) == ([], False)
    assert await page(bench, room, before=at(1)) == ([], False)
    assert await page(bench, room, before=0) == ([], False)
    assert await page(bench, room, after=9_999_999_999_998) == ([], False)


async def test_a_time_between_two_messages_splits_them(bench: Bench, room: str) -> None:
    assert await page(bench, room, after=at(3) + 1, limit=1) == ([4], True)
    assert await page(bench, room, before=at(3) + 1, limit=1) == ([3], True)


@pytest.mark.parametrize("limit", [1, 7, 200])
async def test_pages_forward_meet_every_message_once(bench: Bench, room: str, limit: int) -> None:
    seen: list[int] = []
    more, after = True, 0
    while more:
        seqs, more = await page(bench, room, after=after, limit=limit)
        seen += seqs
        after = at(seqs[-1])
    assert seen == ALL


async def test_pages_backward_meet_every_message_once(bench: Bench, room: str) -> None:
    seen, more = await page(bench, room, limit=50)
    while more:
        seqs, more = await page(bench, room, before=at(seen[0]), limit=50)
        seen = seqs + seen
    assert seen == ALL


async def test_a_message_has_the_fields_of_a_message_frame(bench: Bench, room: str) -> None:
    answered = await bench.ask("GET", f"/api/rooms/{room}/messages", params={"after": at(118)})
    assert answered.body["messages"] == [
        {
            "messageId": "id-119",
            "chatRoomId": room,
            "senderId": "bob",
            "content": "m 119",
            "messageType": "user",
            "createdAt": "2025-07-30T18:26:41.190Z",
            "timestamp": at(119),
            "seq": 119,
            "clientMessageId": "key-119",
        },
        {
            "messageId": "id-120",
            "chatRoomId": room,
            "senderId": "bob",
            "content": "m 120",
            "messageType": "user",
            "createdAt": "2025-07-30T18:26:41.200Z",
            "timestamp": at(120),
            "seq": 120,
        },
    ]


async def test_the_longest_messages_come_too_though_they_fill_more_than_one_page_of_the_table(bench: Bench) -> None:
    room = await bench.room("alice")
    await bench.messages(room, 120, text="話" * 4_990)
    answered = await bench.ask("GET", f"/api/rooms/{room}/messages", params={"limit": 120})
    assert [message["seq"] for message in answered.body["messages"]] == ALL


async def test_a_room_without_messages_has_an_empty_history(bench: Bench) -> None:
    assert await page(bench, await bench.room("alice")) == ([], False)


async def test_other_rows_of_the_room_are_no_messages(bench: Bench) -> None:
    room = await bench.room("alice")
    await bench.messages(room, 2)
    assert await page(bench, room, after=0) == ([1, 2], False)
    assert await page(bench, room) == ([1, 2], False)


async def test_a_room_one_is_not_in_looks_like_one_that_is_not_there(bench: Bench, room: str) -> None:
    strange = await bench.ask("GET", f"/api/rooms/{room}/messages", by="mallory")
    missing = await bench.ask("GET", f"/api/rooms/{unique('none')}/messages", by="mallory")
    assert (strange.status, strange.body["code"]) == (404, "NOT_FOUND")
    assert strange.body == missing.body


async def test_who_was_removed_reads_no_more(bench: Bench) -> None:
    room = await bench.room("alice", "bob")
    await bench.messages(room, 1)
    assert await page(bench, room) == ([1], False)
    await bench.forget(keys.membership("alice", room))
    assert (await bench.ask("GET", f"/api/rooms/{room}/messages")).status == 404


@pytest.mark.parametrize(
    "query",
    [
        {"after": 1, "before": 2},
        {"after": "soon"},
        {"after": -1},
        {"after": 9_999_999_999_999},
        {"before": "1.5"},
        {"limit": 0},
        {"limit": 201},
        {"limit": "all"},
    ],
)
async def test_a_page_that_cannot_be_is_refused(bench: Bench, room: str, query: dict[str, Any]) -> None:
    answered = await bench.ask("GET", f"/api/rooms/{room}/messages", params=query)
    assert (answered.status, answered.body["code"]) == (422, "UNPROCESSABLE")
