"""Something dies, stops or goes away in the middle of a conversation; nothing that was acked is lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.people import Town
from tests.steady import Steady, assert_nothing_acked_is_lost
from tests.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.engine, pytest.mark.timeout(400)]


@pytest.fixture
async def town(cluster: Mapping[str, Any]) -> AsyncIterator[Town]:
    async with Town.of(cluster) as made:
        yield made


async def conversation(town: Town, name: str, sender_gateway: str = "gateway-1") -> tuple[Steady, list[Steady], str]:
    people = [await town.person(f"{who}-{name}") for who in ("sam", "ron", "rita")]
    room = await town.room(*people)
    gateways = (sender_gateway, "gateway-1", "gateway-2")
    sender, *others = (Steady(town, user, room, gateway) for user, gateway in zip(people, gateways, strict=True))
    return sender, others, room


@pytest.mark.parametrize("process", ["gateway-1", "gateway-2", "persistence", "presence", "fanout", "api"])
async def test_a_kill_9_in_the_middle_of_500_sends_loses_nothing(town: Town, process: str) -> None:
    before = await dead_letters(town)
    sender, others, room = await conversation(town, f"kill-{process}")
    async with sender, others[0], others[1]:
        sending = asyncio.create_task(sender.send_many(500))
        await eventually(lambda: len(sender.acked) > 150, within_s=60)
        old = await kill(town, process, signal.SIGKILL)
        await asyncio.wait_for(sending, 120)
        assert len(sender.acked) == 500
        await assert_nothing_acked_is_lost(room, sender, others)
    await eventually(lambda: is_back(town, process, old), within_s=60)
    assert await dead_letters(town) == before


@pytest.mark.parametrize("away_s", [8, pytest.param(60, marks=pytest.mark.long)])
async def test_a_table_that_is_away_delays_and_loses_nothing(town: Town, away_s: int) -> None:
    before = await dead_letters(town)
    sender, others, room = await conversation(town, f"table-{away_s}")
    async with sender, others[0], others[1]:
        sending = asyncio.create_task(sender.send_many(200))
        await eventually(lambda: len(sender.acked) > 50, within_s=60)
        process = pid(town, "dynamodb")
        os.kill(process, signal.SIGSTOP)
        try:
            await asyncio.sleep(away_s)
        finally:
            os.kill(process, signal.SIGCONT)
        await asyncio.wait_for(sending, 120)
        await assert_nothing_acked_is_lost(room, sender, others)
    assert await dead_letters(town) == before


@pytest.mark.parametrize("paused_s", [6, pytest.param(70, marks=pytest.mark.long)])
async def test_a_paused_gateway_comes_back_without_a_deaf_connection(town: Town, paused_s: int) -> None:
    sender, others, room = await conversation(town, f"pause-{paused_s}")
    async with sender, others[0], others[1]:
        await sender.send_many(20, name="before")
        process = pid(town, "gateway-2")
        os.kill(process, signal.SIGSTOP)
        try:
            await sender.send_many(20, name="during")
            await asyncio.sleep(paused_s)
        finally:
            os.kill(process, signal.SIGCONT)
        await sender.send_many(20, name="after")
        await eventually(lambda: others[1].connections[-1].closed is None, within_s=60)
        await sender.send_many(5, name="last")
        await others[1].connections[-1].got("MESSAGE", chatRoomId=room, clientMessageId="last4", within_s=60)
        await assert_nothing_acked_is_lost(room, sender, others)


async def test_a_killed_gateways_people_are_offline_within_60_s(town: Town) -> None:
    vera = await town.person("vera-offline")
    connection = await town.connect(vera, gateway="gateway-2")
    os.kill(pid(town, "gateway-2"), signal.SIGKILL)
    await connection.end(within_s=10)

    async def gone() -> bool:
        return not await town.is_online(vera)

    await eventually(gone, within_s=60)


def pid(town: Town, process: str) -> int:
    """Its process id now; a restart has changed what the cluster said at its start."""
    return int(town.described()["processes"][process]["pid"])


async def kill(town: Town, process: str, number: int) -> int:
    old = pid(town, process)
    os.kill(old, number)
    return old


async def is_back(town: Town, process: str, old: int) -> bool:
    described = town.described()["processes"][process]
    return int(described["pid"]) != old and await town.is_ready(described["healthUrl"])


async def dead_letters(town: Town) -> int:
    return len(await town.dead_letters())
