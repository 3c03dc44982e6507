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
from tests.deploy.observed import Prometheus, alert_queries, dashboard_queries
from tests.people import Town
from tests.steady import Steady, assert_nothing_acked_is_lost
from tests.waiting import eventually

SILENT = {
    "gateway: Calls for another gateway's connections",
    "gateway: Ends by close code",
    "gateway: Refused requests",
    "overview: Connections closed because they were behind",
    "overview: Dead letters, last day",
    "overview: HTTP API: errors",
    "overview: Table: failed and throttled calls",
    "pipeline: Failed",
    "pipeline: Retries, dead letters, producers replaced",
    "pipeline: Throttled",
    "replay: Dead letters, last day",
    "replay: How long a round takes",
    "replay: Looked at",
    "replay: Since the last round",
    "replay: Unreadable records of wholly-read topics",
    "replay: Violations by invariant",
    "replay: Violations of the last round",
}
"""Panels of what need not have happened, and of `kaiwa replay fsck`, which does not run here."""
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


async def conversation(town: Town, name: str) -> tuple[Steady, Steady, str]:
    people = [await town.person(f"{who}-{name}") for who in ("sam", "ron")]
    room = await town.room(*people)
    sender, other = (Steady(town, person, room, "gateway-1") for person in people)
    return sender, other, room


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
    sender, other, room = await conversation(town, "killed")
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


async def test_prometheus_answers_every_question_of_the_dashboards_and_the_alerts(running: Stack, town: Town) -> None:
    prometheus = await running.observed()
    sender, other, room = await conversation(town, "observed")
    async with sender, other:
        await eventually(partial(_all_up, prometheus), within_s=60, every_s=1.0)
        await sender.send_many(400, pause_s=0.1)
        await assert_nothing_acked_is_lost(room, sender, [other])
        silent = {panel for panel, query in dashboard_queries() if not await prometheus.ask(query)}
    assert silent <= SILENT
    for _, query in alert_queries():
        await prometheus.ask(query)


async def _all_up(prometheus: Prometheus) -> bool:
    states = await prometheus.targets()
    return len(states) > 5 and set(states.values()) == {"up"}


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
