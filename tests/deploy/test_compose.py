"""deploy/compose for real: people chat through the proxy while containers are killed, and nothing acked is lost."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator
from functools import partial

import pytest

from tests.deploy.compose_stack import Stack, stack
from tests.people import Town
from tests.steady import Steady, assert_nothing_acked_is_lost
from tests.waiting import eventually

KILLED = ("persistence-1", "fanout-1", "persistence-2", "fanout-2", "gateway-1", "gateway-2", "presence", "api")


def _has_engine() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0


pytestmark = [
    pytest.mark.deploy,
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(not _has_engine(), reason="no Docker Engine with compose is here"),
]


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Stack]:
    async with stack(f"kaiwa-test-{uuid.uuid4().hex[:6]}") as made:
        yield made


@pytest.fixture
async def town(running: Stack) -> AsyncIterator[Town]:
    async with Town.of(await running.cluster()) as town:
        yield town


async def test_all_is_healthy_and_the_lobby_is_there(running: Stack, town: Town) -> None:
    states = await running.states()
    jobs = {name: states.pop(name) for name in ("keys", "table", "topics", "people")}
    assert set(jobs.values()) == {"exited"}
    assert set(states.values()) == {"healthy"}, states
    code, rooms = await town.call("alice", "GET", "/api/rooms")
    assert code == 200
    assert "lobby" in str(rooms)


async def test_two_people_chat_through_the_proxy(town: Town) -> None:
    alice, bob = await town.connect("alice"), await town.connect("bob")
    await alice.say("lobby", "おはよう", key=uuid.uuid4().hex)
    (ack,) = await alice.got("ACK")
    (frame,) = await bob.got("MESSAGE", messageId=ack["messageId"])
    assert frame["content"] == "おはよう"
    await asyncio.gather(alice.close(), bob.close())


async def test_nothing_acked_is_lost_while_containers_are_killed(running: Stack, town: Town) -> None:
    people = [await town.person(f"{who}-killed") for who in ("sam", "ron")]
    room = await town.room(*people)
    sender, other = (Steady(town, person, room, "gateway-1") for person in people)
    async with sender, other:
        for service in KILLED:
            sending = asyncio.create_task(sender.send_many(60, name=service))
            await running.kill(service)
            async with asyncio.timeout(120):
                await sending
            await eventually(partial(_healthy, running, service), within_s=60, every_s=0.5)
        assert len(sender.acked) == 60 * len(KILLED)
        await assert_nothing_acked_is_lost(room, sender, [other])


async def _healthy(running: Stack, service: str) -> bool:
    return (await running.states())[service] == "healthy"


async def test_down_and_up_again_keep_everything(running: Stack, town: Town) -> None:
    before = await town.history("alice", "lobby")
    assert before
    await running("down", "--timeout", "45", within_s=200)
    await running.up()
    assert await town.history("alice", "lobby") == before
    alice, bob = await town.connect("alice"), await town.connect("bob")
    await alice.say("lobby", "back again", key=uuid.uuid4().hex)
    await bob.got("MESSAGE", content="back again")
    await asyncio.gather(alice.close(), bob.close())
