"""The overlay `local` for real: people chat while everything is rolled out anew, and nothing acked is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from tests.deploy.commands import said
from tests.deploy.kubernetes_stack import CUT_NODE, DEPLOYMENTS, KUBECTL, Stack, stack
from tests.people import Town
from tests.steady import Steady, assert_nothing_acked_is_lost
from tests.waiting import eventually

pytestmark = [
    pytest.mark.deploy,
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(not KUBECTL, reason="KAIWA_TEST_KUBECTL names no kubectl of a cluster for tests"),
]

NO_SETTINGS = {"op": "remove", "path": "/spec/template/spec/containers/0/envFrom"}
CUT_S = 60


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Stack]:
    async with stack() as made:
        yield made


@pytest.fixture
async def town(running: Stack) -> AsyncIterator[Town]:
    async with Town.of(await running.cluster()) as town:
        yield town


async def conversation(town: Town, name: str) -> tuple[Steady, Steady, str]:
    people = [await town.person(f"{who}-{name}") for who in ("sam", "ron")]
    room = await town.room(*people)
    return Steady(town, people[0], room, "gateway-1"), Steady(town, people[1], room, "gateway-2"), room


async def test_two_people_chat(town: Town) -> None:
    sender, other, room = await conversation(town, "chat")
    async with sender, other:
        await sender.send_many(20)
        await assert_nothing_acked_is_lost(room, sender, [other])


@pytest.mark.parametrize("name", DEPLOYMENTS)
async def test_a_rollout_under_load_loses_nothing_and_cuts_nobody_off(running: Stack, town: Town, name: str) -> None:
    sender, other, room = await conversation(town, f"rollout-{name}")
    async with sender, other:
        before = set(await running.pods(name))
        sending = asyncio.create_task(sender.send_many(600, name=name, pause_s=0.05))
        await running.in_kaiwa("rollout", "restart", f"deployment/{name}")
        await running.rolled_out(name)
        async with asyncio.timeout(240):
            await sending
        await eventually(lambda: _others(running, name, before), within_s=90, every_s=1.0)
        await sender.send_many(10, name="after")
        await assert_nothing_acked_is_lost(room, sender, [other])
        codes = [one.closed[0] for person in (sender, other) for one in person.connections if one.closed]
        assert set(codes) <= {1012}


async def _others(running: Stack, name: str, before: set[str]) -> bool:
    return not before & set(await running.pods(name))


async def test_a_pod_that_is_deleted_loses_nothing(running: Stack, town: Town) -> None:
    sender, other, room = await conversation(town, "deleted")
    async with sender, other:
        for name in ("persistence", "fanout", "presence"):
            sending = asyncio.create_task(sender.send_many(60, name=name))
            (first, *_) = await running.pods(name)
            await running.in_kaiwa("delete", "pod", first, "--grace-period=0", "--force")
            async with asyncio.timeout(120):
                await sending
            await running.rolled_out(name)
        await assert_nothing_acked_is_lost(room, sender, [other])


@pytest.mark.skipif(not CUT_NODE, reason="KAIWA_TEST_CUT_NODE names no program that cuts a node off")
async def test_a_node_that_is_cut_off_and_comes_back_loses_nothing(town: Town) -> None:
    """Whatever runs on it: where that is Kafka or the table, messages wait for a minute."""
    sender, other, room = await conversation(town, "cut")
    async with sender, other:
        await sender.send_many(20, name="before")
        sending = asyncio.create_task(sender.send_many(60, name="during", pause_s=0.5))
        await said([CUT_NODE, "down"], within_s=20)
        try:
            await asyncio.sleep(CUT_S)
        finally:
            await said([CUT_NODE, "up"], within_s=20)
        async with asyncio.timeout(240):
            await sending
        await sender.send_many(20, name="after")
        await assert_nothing_acked_is_lost(room, sender, [other])


@pytest.mark.parametrize(
    "change",
    [
        ("set", "image", "deployment/fanout", "kaiwa=kaiwa:nowhere"),
        ("set", "env", "deployment/fanout", "KAIWA_LOG_LEVEL=loud"),
        ("patch", "deployment/fanout", "--type=json", f"--patch={json.dumps([NO_SETTINGS])}"),
    ],
    ids=["a wrong image", "a wrong setting", "a missing setting"],
)
async def test_a_rollout_that_cannot_work_stops_and_the_service_goes_on(
    running: Stack, town: Town, change: tuple[str, ...]
) -> None:
    before = set(await running.pods("fanout"))
    await running.in_kaiwa(*change)
    try:
        told = await running.in_kaiwa("rollout", "status", "deployment/fanout", "--timeout=20s", check=False)
        assert "successfully rolled out" not in told
        assert before <= set(await running.pods("fanout"))
        sender, other, room = await conversation(town, f"stopped-{change[0]}-{change[1].partition('/')[0]}")
        async with sender, other:
            await sender.send_many(20)
            await assert_nothing_acked_is_lost(room, sender, [other])
    finally:
        await running.in_kaiwa("rollout", "undo", "deployment/fanout")
        await running.rolled_out("fanout")
