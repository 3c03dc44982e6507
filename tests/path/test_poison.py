"""Records that are bad in themselves, in every topic that is consumed: put aside once, and what follows goes on."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from contracts.ids import new_event_id
from tests.people import ALL_FEATURES, Town
from tests.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.engine]

POISON: list[bytes | None] = [
    b"not json",
    b"\xff\xfe",
    b"[1, 2]",
    b'{"type":7,"version":1}',
    b'{"type":"danced","version":1,"eventId":"e","occurredAt":"o"}',
    None,
    b"x" * 1_000_000,
]
OF_ROOMS = ["chat.submissions", "chat.rooms", "chat.signals"]
OF_USERS = ["chat.users", "chat.connections", "chat.presence"]
OF_ALL = ["chat.gateways", "chat.controls"]


@pytest.fixture
async def town(cluster: Mapping[str, Any]) -> AsyncIterator[Town]:
    async with Town.of(cluster) as made:
        yield made


@pytest.fixture
async def producer(cluster: Mapping[str, Any]) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=cluster["kafkaBootstrap"], max_request_size=2_000_000) as made:
        yield made


@pytest.mark.parametrize("topic", OF_ROOMS + OF_USERS + OF_ALL)
async def test_poison_is_put_aside_once_and_people_chat_on(town: Town, producer: AIOKafkaProducer, topic: str) -> None:
    name = uuid.uuid4().hex[:6]
    anna, ben = await town.person(f"anna-{name}"), await town.person(f"ben-{name}")
    room = await town.room(anna, ben)
    a, b = await town.connect(anna, features=ALL_FEATURES), await town.connect(ben, features=ALL_FEATURES)
    key = room if topic in OF_ROOMS else ben if topic in OF_USERS else f"poison-{name}"
    sent = [await producer.send_and_wait(topic, value, key=key.encode()) for value in POISON]
    places = {(topic, str(one.partition), str(one.offset)) for one in sent}

    await a.say(room, "after the poison", key="k")
    await b.got("MESSAGE", chatRoomId=room, content="after the poison", within_s=30)
    await b.send(action="typing", chatRoomId=room)
    await a.got("TYPING", chatRoomId=room, userId=ben)
    await town.person(ben, status="pending")
    again = await town.connect(ben)
    await again.say(room, "not approved any more", key="k")
    await again.got("VERIFICATION_REQUIRED")
    await eventually(lambda: _put_aside_once(town, places), within_s=30)
    await asyncio.gather(a.close(), b.close(), again.close())


async def test_a_submission_under_another_rooms_key_is_put_aside(town: Town, producer: AIOKafkaProducer) -> None:
    name = uuid.uuid4().hex[:6]
    anna = await town.person(f"anna-{name}")
    room = await town.room(anna)
    event = {"type": "sendMessage", "version": 1, "eventId": new_event_id(), "occurredAt": "2026-01-01T00:00:00.000Z"}
    value = json.dumps(event | {"chatRoomId": room, "senderId": anna, "content": "under a wrong key"})
    sent = await producer.send_and_wait("chat.submissions", value.encode(), key=b"another-room")
    place = ("chat.submissions", str(sent.partition), str(sent.offset))
    await eventually(lambda: _put_aside_once(town, {place}), within_s=20)
    assert await town.history(anna, room) == []


async def _put_aside_once(town: Town, places: set[tuple[str, str, str]]) -> bool:
    found: list[tuple[str, str, str]] = []
    for letter in await town.dead_letters():
        headers = {name: value.decode() for name, value in letter.headers}
        place = (headers["kaiwa-topic"], headers["kaiwa-partition"], headers["kaiwa-offset"])
        if place in places:
            assert headers["kaiwa-error"], "each says why"
            found.append(place)
    assert len(found) == len(set(found)), "none twice"
    return set(found) == places
