"""The whole path on a whole cluster: two gateways, the real engines, real sockets."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from contracts import ids
from contracts.connections import Connected
from contracts.envelope import encode
from contracts.timestamps import epoch_ms, iso
from tests.people import ALL_FEATURES, Town
from tests.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.engine]


@pytest.fixture
async def town(cluster: Mapping[str, Any]) -> AsyncIterator[Town]:
    async with Town.of(cluster) as made:
        yield made


def new_user(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:6]}"


async def two_people(town: Town) -> tuple[str, str, str]:
    anna, ben = await town.person(new_user("anna")), await town.person(new_user("ben"))
    return anna, ben, await town.room(anna, ben)


async def test_two_people_chat(town: Town) -> None:
    anna, ben, room = await two_people(town)
    a, b = await town.connect(anna), await town.connect(ben)
    await a.say(room, "こんにちは 👋", key="k1")
    [ack] = await a.got("ACK", clientMessageId="k1")
    [seen] = await b.got("MESSAGE", chatRoomId=room)
    [echo] = await a.got("MESSAGE", chatRoomId=room)
    assert seen == echo
    assert seen["messageId"] == ack["messageId"]
    assert (seen["content"], seen["senderId"], seen["seq"], seen["messageType"]) == ("こんにちは 👋", anna, 1, "user")
    assert epoch_ms(seen["createdAt"]) == seen["timestamp"]
    await b.say(room, "hello back")
    await a.got("MESSAGE", chatRoomId=room, seq=2, content="hello back")
    assert [message["seq"] for message in await town.history(ben, room)] == [1, 2]
    assert not b.of("ACK"), "who gives no key gets no ACK"
    await asyncio.gather(a.close(), b.close())


async def test_a_message_reaches_three_connections_on_two_gateways_once_each(town: Town) -> None:
    anna, ben, room = await two_people(town)
    a = await town.connect(anna)
    places = [await town.connect(ben, gateway=g) for g in ("gateway-1", "gateway-2", "gateway-2")]
    await eventually(lambda: _open_connections(town, ben, 3))
    for number in range(20):
        await a.say(room, f"m{number}", key=f"k{number}")
    for place in [*places, a]:
        got = await place.got("MESSAGE", chatRoomId=room, count=20)
        assert [frame["seq"] for frame in got] == list(range(1, 21))
    await asyncio.gather(*(place.close() for place in [*places, a]))


async def test_who_sends_in_the_moment_of_the_101_gets_the_own_message(town: Town) -> None:
    anna, _, room = await two_people(town)
    for number in range(10):
        connection = await town.connect(anna, gateway=f"gateway-{number % 2 + 1}", wait=False)
        await connection.say(room, f"first word {number}", key=f"k{number}")
        await connection.got("MESSAGE", chatRoomId=room, clientMessageId=f"k{number}")
        await connection.close()


async def test_the_same_key_again_posts_nothing_new_and_gets_the_first_id(town: Town) -> None:
    anna, ben, room = await two_people(town)
    a, b, other = await town.connect(anna), await town.connect(ben), await town.connect(anna, gateway="gateway-2")
    await a.say(room, "once", key="k")
    [first] = await a.got("ACK", clientMessageId="k")
    await a.say(room, "once", key="k")
    await other.say(room, "once", key="k")
    assert (await other.got("ACK", clientMessageId="k"))[0]["messageId"] == first["messageId"]
    await a.got("ACK", clientMessageId="k", count=2)
    await a.say(room, "after")
    await b.got("MESSAGE", chatRoomId=room, content="after", seq=2)
    assert len(b.of("MESSAGE", chatRoomId=room)) == 2
    assert len(await town.history(anna, room)) == 2
    await asyncio.gather(a.close(), b.close(), other.close())


async def test_an_unknown_action_is_accepted_in_silence(town: Town) -> None:
    anna, _, room = await two_people(town)
    a = await town.connect(anna, features=ALL_FEATURES)
    for text in (
        '{"action":"dance"}',
        '{"no":"action"}',
        "not json",
        '{"action":"$connect"}',
        '{"action":"SendMessage"}',
    ):
        await a.socket.send(text)
    await a.say(room, "still here", key="k")
    await a.got("MESSAGE", chatRoomId=room)
    assert not a.of("ERROR")
    await a.close()


async def test_a_pending_user_alone_is_told_that_verification_is_required(town: Town) -> None:
    anna, ben, _ = await two_people(town)
    dave = await town.person(new_user("dave"), status="pending")
    room = await town.room(anna, ben, dave)
    b, d, elsewhere = await town.connect(ben), await town.connect(dave), await town.connect(dave, gateway="gateway-2")
    await d.say(room, "hello?", key="k")
    [frame] = await d.got("VERIFICATION_REQUIRED")
    assert frame == {
        "type": "VERIFICATION_REQUIRED",
        "message": "本人確認が必要です",
        "chatRoomId": room,
        "clientMessageId": "k",
    }
    a = await town.connect(anna)
    await a.say(room, "next")
    await b.got("MESSAGE", chatRoomId=room, seq=1, content="next")
    assert not b.of("VERIFICATION_REQUIRED") + elsewhere.of("VERIFICATION_REQUIRED")
    await town.person(dave)
    await d.say(room, "and now")
    await b.got("MESSAGE", chatRoomId=room, seq=2, content="and now")
    await asyncio.gather(*(c.close() for c in (a, b, d, elsewhere)))


async def test_who_is_not_a_participant_is_refused_and_heard_by_nobody(town: Town) -> None:
    _, ben, room = await two_people(town)
    eve = await town.person(new_user("eve"))
    b, e = await town.connect(ben), await town.connect(eve)
    await e.say(room, "let me in", key="k")
    [error] = await e.got("ERROR", code="NOT_A_PARTICIPANT")
    assert (error["clientMessageId"], error["chatRoomId"], error["retryable"]) == ("k", room, False)
    await e.say(room, "in silence, as the source design refuses")
    await b.say(room, "ours")
    await b.got("MESSAGE", chatRoomId=room, seq=1, content="ours")
    assert len(e.of("ERROR")) == 1
    assert (await town.call(eve, "GET", f"/api/rooms/{room}"))[0] == 404
    await asyncio.gather(b.close(), e.close())


async def test_both_connection_records_are_written_and_deleted(town: Town) -> None:
    anna = await town.person(new_user("anna"))
    before = int(time.time())
    a = await town.connect(anna, features="read")
    [by_user] = await town.rows(f"USER#{anna}", "CONNECTION#")
    connection_id = by_user["connectionId"]["S"]
    [by_id] = await town.rows(f"CONNECTION#{connection_id}")
    assert by_id["SK"]["S"] == "METADATA"
    assert by_id["userId"]["S"] == anna
    assert by_id["features"]["L"] == [{"S": "read"}]
    assert ids.is_connection_id(connection_id)
    for row in (by_user, by_id):
        assert row["gatewayId"]["S"] == "gateway-1"
        assert int(row["ttl"]["N"]) == epoch_ms(row["connectedAt"]["S"]) // 1000 + 86_400
        assert before - 5 <= int(row["ttl"]["N"]) - 86_400 <= time.time() + 5
    await a.close()
    await eventually(lambda: _is_empty(town, f"USER#{anna}", "CONNECTION#"))
    await eventually(lambda: _is_empty(town, f"CONNECTION#{connection_id}", ""))


async def test_the_table_holds_the_source_designs_rows(town: Town) -> None:
    anna, ben, room = await two_people(town)
    a = await town.connect(anna)
    long = "é" * 150
    for number, content in enumerate(["one", "two", long]):
        await a.say(room, content, key=f"k{number}")
    await a.got("MESSAGE", chatRoomId=room, seq=3)
    messages = await town.rows(f"CHATROOM#{room}", "MESSAGE#")
    assert [row["content"]["S"] for row in messages] == ["one", "two", long], "the sort key's order is the log's"
    for row in messages:
        assert row["SK"]["S"] == f"MESSAGE#{row['timestamp']['N']}#{row['messageId']['S']}"
        assert row["createdAt"]["S"] == iso(int(row["timestamp"]["N"]))
    stamps = [int(row["timestamp"]["N"]) for row in messages]
    assert stamps == sorted(set(stamps))
    [last] = await town.rows(f"CHATROOM#{room}", "LASTMESSAGE")
    assert last["lastMessage"]["S"] == long[:100]
    assert last["lastMessageAt"]["S"] == messages[-1]["createdAt"]["S"]
    assert (last["senderId"]["S"], last["seq"]["N"]) == (anna, "3")
    [metadata] = await town.rows(f"CHATROOM#{room}", "METADATA")
    assert sorted(part["S"] for part in metadata["participantIds"]["L"]) == sorted([anna, ben])
    [membership] = await town.rows(f"USER#{ben}", "CHATROOM#")
    assert (membership["chatRoomId"]["S"], membership["lastReadSeq"]["N"]) == (room, "0")
    await a.close()


async def test_a_stale_connection_neither_fails_the_send_nor_touches_others_and_is_gone_afterwards(town: Town) -> None:
    anna, ben, room = await two_people(town)
    a = await town.connect(anna)
    [living] = await town.rows(f"USER#{anna}", "CONNECTION#")
    ghost = ids.new_connection_id(living["epoch"]["S"])
    await publish_connected(town, ben, ghost, living)
    await eventually(lambda: town.is_online(ben))
    await a.say(room, "anyone?", key="k")
    await a.got("MESSAGE", chatRoomId=room)
    await eventually(lambda: _is_empty(town, f"CONNECTION#{ghost}", ""))
    await eventually(lambda: _is_empty(town, f"USER#{ben}", "CONNECTION#"))
    assert await town.rows(f"USER#{anna}", "CONNECTION#") == [living]
    assert a.closed is None
    await a.close()


async def test_presence_typing_read_marks_and_rooms_are_shown_to_who_asked(town: Town) -> None:
    anna, ben, room = await two_people(town)
    a = await town.connect(anna, features=ALL_FEATURES)
    await a.say(room, "first", key="k")
    await a.got("MESSAGE", chatRoomId=room)
    b = await town.connect(ben, features=ALL_FEATURES)
    await a.got("PRESENCE", userId=ben, status="online")
    await b.send(action="typing", chatRoomId=room)
    await a.got("TYPING", chatRoomId=room, userId=ben)
    await b.send(action="markRead", chatRoomId=room, seq=1)
    await a.got("READ", chatRoomId=room, userId=ben, seq=1)
    carl = await town.person(new_user("carl"))
    c = await town.connect(carl, features=ALL_FEATURES)
    assert (await town.call(anna, "PUT", f"/api/rooms/{room}/participants/{carl}"))[0] in {200, 201, 204}
    for place in (a, b, c):
        await place.got("ROOM", change="added", chatRoomId=room, userIds=[carl], participantCount=3)
    assert (await town.call(anna, "DELETE", f"/api/rooms/{room}/participants/{carl}"))[0] in {200, 204}
    await c.got("ROOM", change="removed", chatRoomId=room, userIds=[carl])
    await a.say(room, "without carl")
    await b.got("MESSAGE", chatRoomId=room, content="without carl")
    assert not c.of("MESSAGE", chatRoomId=room)
    await b.close()
    await a.got("PRESENCE", userId=ben, status="offline")
    await asyncio.gather(a.close(), c.close())


async def test_revoked_sessions_end_on_every_gateway_within_two_seconds_and_do_not_come_back(town: Town) -> None:
    anna = await town.person(new_user("anna"))
    places = [await town.connect(anna, gateway=gateway) for gateway in ("gateway-1", "gateway-2")]
    code, _ = await town.call("root", "DELETE", f"/api/users/{anna}/sessions", admin=True)
    assert code in {200, 202, 204}
    for place in places:
        assert await place.end(within_s=2) == 4403
    with pytest.raises(Exception, match="401"):
        await town.connect(anna, wait=False)
    assert (await town.call(anna, "GET", "/api/rooms"))[0] == 401


async def publish_connected(town: Town, user: str, connection_id: str, like: dict[str, Any]) -> None:
    event = Connected(
        event_id=ids.new_event_id(),
        occurred_at=iso(int(time.time() * 1000)),
        connection_id=connection_id,
        user_id=user,
        gateway_id=like["gatewayId"]["S"],
        epoch=like["epoch"]["S"],
        connected_at=iso(int(time.time() * 1000)),
        source_ip="127.0.0.1",
    )
    async with AIOKafkaProducer(bootstrap_servers=town.cluster["kafkaBootstrap"]) as producer:
        await producer.send_and_wait("chat.connections", encode(event), key=user.encode())


async def _open_connections(town: Town, user: str, count: int) -> bool:
    return len(await town.rows(f"USER#{user}", "CONNECTION#")) == count


async def _is_empty(town: Town, pk: str, prefix: str) -> bool:
    return not await town.rows(pk, prefix)
