"""What a client says, as it stands in the log, and what it gets back (spec 1, 3 and 7)."""

import contextlib
import json
import time
from typing import Any

import pytest
import pytest_asyncio
import websockets
from msgspec import UNSET

from contracts.close_codes import TOO_BIG
from contracts.connections import Disconnected
from contracts.ids import message_id
from contracts.signals import Typing
from contracts.submissions import MarkRead, SendMessage
from tests import tokens
from tests.path.gateway_bench import Bench, Running, closed, frame, say, unique
from tests.waiting import eventually

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(bench: Bench) -> Running:
    return await bench.start()


async def silent(client: websockets.ClientConnection) -> None:
    """Whatever was said so far is not answered: the answer to a ping comes first."""
    await say(client, "ping", id="still there")
    assert (await frame(client))["type"] == "PONG"


async def test_a_message_is_acked_when_it_stands_in_the_log(bench: Bench, gateway: Running) -> None:
    user, room = unique("user"), unique("room")
    client = await bench.connect(gateway, user)
    await say(
        client, "sendMessage", chatRoomId=room, content="こんにちは 👋", clientMessageId="k-1", senderId="mallory"
    )
    ack = await frame(client)
    (event,) = await eventually(lambda: bench.log.of(SendMessage, chat_room_id=room))
    assert ack == {
        "type": "ACK",
        "messageId": message_id(user, room, client_message_id="k-1", event_id=event.event_id),
        "clientMessageId": "k-1",
        "chatRoomId": room,
    }
    assert (event.sender_id, event.content, event.client_message_id) == (user, "こんにちは 👋", "k-1")
    assert event.connection.connection_id == await bench.connection_id(user)
    assert (event.connection.gateway_id, event.connection.epoch) == (gateway.gateway_id, gateway.epoch)
    assert bench.log.keys[event.event_id] == room.encode()


async def test_without_a_key_there_is_no_ack(bench: Bench, gateway: Running) -> None:
    room = unique("room")
    client = await bench.connect(gateway, unique("user"))
    await say(client, "sendMessage", chatRoomId=room, content="hello")
    (event,) = await eventually(lambda: bench.log.of(SendMessage, chat_room_id=room))
    assert event.client_message_id is UNSET
    await silent(client)


async def test_messages_of_a_connection_keep_their_order(bench: Bench, gateway: Running) -> None:
    room = unique("room")
    client = await bench.connect(gateway, unique("user"))
    for number in range(300):
        await say(client, "sendMessage", chatRoomId=room, content=str(number), clientMessageId=f"k{number}")
    acks = [(await frame(client))["clientMessageId"] for _ in range(300)]
    assert acks == [f"k{number}" for number in range(300)]
    await eventually(lambda: len(bench.log.of(SendMessage, chat_room_id=room)) == 300)
    assert [event.content for event in bench.log.of(SendMessage, chat_room_id=room)] == list(map(str, range(300)))


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[]",
        "{}",
        '"text"',
        '{"action":5}',
        '{"action":"unknown"}',
        '{"action":"SendMessage","chatRoomId":"r","content":"c","clientMessageId":"k"}',
        '{"action":"$connect"}',
        '{"action":"$disconnect","clientMessageId":"k"}',
        '{"action":"ping"}',
        "[" * 5000,
    ],
)
async def test_what_has_no_route_is_not_answered(bench: Bench, gateway: Running, text: str) -> None:
    client = await bench.connect(gateway, unique("user"), features="presence")
    await client.send(text)
    await silent(client)


@pytest.mark.parametrize(
    "fields",
    [
        {"chatRoomId": "r", "content": ""},
        {"chatRoomId": "r", "content": " \n\t　"},
        {"chatRoomId": "r", "content": "x" * 5001},
        {"chatRoomId": "r", "content": 5},
        {"chatRoomId": "r"},
        {"content": "c"},
        {"chatRoomId": "r#1", "content": "c"},
        {"chatRoomId": "r" * 65, "content": "c"},
        {"chatRoomId": "r", "content": "half a pair: \ud800"},
    ],
)
async def test_a_malformed_message_gets_an_error_and_the_connection_stays(
    bench: Bench, gateway: Running, fields: dict[str, Any]
) -> None:
    client = await bench.connect(gateway, unique("user"))
    await say(client, "sendMessage", clientMessageId="k", **fields)
    error = await frame(client)
    assert (error["type"], error["code"], error["retryable"]) == ("ERROR", "INVALID_MESSAGE", False)
    assert error["clientMessageId"] == "k"
    await silent(client)


async def test_the_longest_content_is_taken_in_code_points(bench: Bench, gateway: Running) -> None:
    room = unique("room")
    client = await bench.connect(gateway, unique("user"))
    text = json.dumps(
        {"action": "sendMessage", "chatRoomId": room, "content": "👋" * 5000, "clientMessageId": "k"},
        ensure_ascii=False,
    )
    await client.send(text)
    assert (await frame(client))["type"] == "ACK"


async def test_an_error_goes_only_to_who_asked_to_know(bench: Bench, gateway: Running) -> None:
    old = await bench.connect(gateway, unique("user"))
    await say(old, "sendMessage", chatRoomId="r", content="")
    await silent(old)
    new = await bench.connect(gateway, unique("user"), features="typing")
    await say(new, "sendMessage", chatRoomId="r", content="")
    assert (await frame(new))["code"] == "INVALID_MESSAGE"


async def test_a_pong_carries_the_id_and_the_time(bench: Bench, gateway: Running) -> None:
    client = await bench.connect(gateway, unique("user"))
    for ping_id in ("a", 5, None):
        await say(client, "ping", id=ping_id)
        pong = await frame(client)
        assert (pong["type"], pong["id"]) == ("PONG", ping_id)
        assert abs(pong["serverTime"] - time.time() * 1000) < 5000


async def test_read_marks_are_published_once_a_second_and_the_furthest_wins(bench: Bench, gateway: Running) -> None:
    user, room = unique("user"), unique("room")
    client = await bench.connect(gateway, user)
    for seq in (1, 2, 9, 5):
        await say(client, "markRead", chatRoomId=room, seq=seq)
    await eventually(lambda: len(bench.log.of(MarkRead, chat_room_id=room)) == 2)
    first, second = bench.log.of(MarkRead, chat_room_id=room)
    assert (first.seq, second.seq, first.user_id) == (1, 9, user)
    await say(client, "markRead", chatRoomId=room, seq=10)
    await eventually(lambda: [e.seq for e in bench.log.of(MarkRead, chat_room_id=room)] == [1, 9, 10])


async def test_typing_is_published_once_in_three_seconds(bench: Bench, gateway: Running) -> None:
    user, room, other = unique("user"), unique("room"), unique("room")
    client = await bench.connect(gateway, user)
    for _ in range(5):
        await say(client, "typing", chatRoomId=room)
    await say(client, "typing", chatRoomId=other)
    await eventually(lambda: bench.log.of(Typing, chat_room_id=other))
    (event,) = bench.log.of(Typing, chat_room_id=room)
    assert (event.user_id, event.connection_id) == (user, await bench.connection_id(user))


async def test_a_fresh_token_of_the_same_user_is_taken(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user, features="read")
    expires = int(time.time()) + 7000
    await say(client, "refreshToken", token=tokens.token(tokens.claims(sub=user, exp=expires)))
    answer = await frame(client)
    assert answer["type"] == "TOKEN_REFRESHED"
    assert answer["expiresAt"].endswith(".000Z")


@pytest.mark.parametrize("changes", [{"sub": "somebody-else"}, {"exp": 1}, {"aud": "other"}])
async def test_another_token_is_not_taken(bench: Bench, gateway: Running, changes: dict[str, Any]) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user, features="read")
    await say(client, "refreshToken", token=tokens.token(tokens.claims(**{"sub": user, **changes})))
    error = await frame(client)
    assert (error["code"], error["retryable"]) == ("INVALID_TOKEN", False)
    await silent(client)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"binary", (1003, "Binary frames are not supported")),
        ("x" * 32_769, (1009, TOO_BIG.reason)),
        (["x" * 30_000] * 5, (1009, TOO_BIG.reason)),
    ],
)
async def test_what_may_not_come_closes_with_its_code(
    bench: Bench, gateway: Running, sent: Any, expected: tuple[int, str]
) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user)
    with contextlib.suppress(websockets.ConnectionClosed):
        await client.send(sent)
    assert await closed(client) == expected
    connection_id = await bench.connection_id(user)
    (ended,) = await eventually(lambda: bench.log.of(Disconnected, connection_id=connection_id))
    assert (ended.code, ended.reason) == expected


async def test_a_message_in_fragments_is_taken_up_to_its_limit(bench: Bench, gateway: Running) -> None:
    client = await bench.connect(gateway, unique("user"))
    text = json.dumps({"action": "ping", "id": 1, "padding": "x" * 120_000})
    await client.send([text[start : start + 30_000] for start in range(0, len(text), 30_000)])
    assert (await frame(client))["type"] == "PONG"


async def test_an_invalid_text_closes_with_1007(bench: Bench, gateway: Running) -> None:
    client = await bench.connect(gateway, unique("user"))
    await client.send(b"\xff\xfe", text=True)
    assert (await closed(client))[0] == 1007
