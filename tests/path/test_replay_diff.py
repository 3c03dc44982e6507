"""The live table against the log, while people go on writing: all damage is found, and none is invented."""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chassis.table import Table
from replay.differences import Difference
from replay.repair import repair
from tests.conftest import _described
from tests.people import Closing, Town
from tests.replay_town import Load, Question, Vandal, known_person, known_room, named
from tests.waiting import eventually

pytestmark = pytest.mark.cluster

PER_S = 60
"""As much as a machine takes on which all the other tests have left their traces; the long test sends 200."""
LONG_PER_S = 200
REBUILT_EACH = 2
"""Between two rebuilds the comparison folds on from the older one along the log."""
AGAIN = "again-path"
"""All tests rebuild into one table: each adds what has happened since."""


@pytest.fixture
async def town(cluster: dict[str, Any]) -> AsyncIterator[Town]:
    async with Town.of(cluster) as town:
        yield town


async def people_and_rooms(town: Town, tag: str, rooms: int = 4) -> dict[str, list[str]]:
    people = [await known_person(town, f"{tag}-{who}") for who in ("ann", "ben", "cat")]
    return {await known_room(town, *people): people for _ in range(rooms)}


async def some_messages(town: Town, rooms: Mapping[str, list[str]]) -> None:
    async def everywhere() -> bool:
        return all([len(await town.rows(f"CHATROOM#{room}", "MESSAGE#")) >= 5 for room in rooms])

    await eventually(everywhere, within_s=60)


def mine(found: list[Difference], *marks: str) -> set[str]:
    return {named(one) for one in found if any(mark in named(one) for mark in marks)}


@pytest.mark.timeout(600)
async def test_every_kind_of_damage_is_found_named_and_repaired_while_messages_are_sent(town: Town) -> None:
    rooms = await people_and_rooms(town, "hurt")
    one, two, three, four = rooms
    question, vandal = Question(town.cluster, AGAIN), Vandal(town)
    async with Closing() as keep:
        keep(await town.connect("hurt-ann"))
        keep(await town.connect("hurt-ben"))
        async with Load(town.cluster, rooms, PER_S).running():
            await some_messages(town, rooms)
        async with Load(town.cluster, {room: rooms[room] for room in (one, two, three)}, PER_S).running():
            await question.rebuild()
            half = await vandal.loses_the_other_half("hurt-ben")
            done = {
                await vandal.deletes_a_message(one): "missing",
                await vandal.alters_a_message(two): "different",
                await vandal.invents_a_message(three): "extra",
                await vandal.sets_back_the_last_message(four): "different",
                await vandal.forgets_a_membership(four, "hurt-cat"): "missing",
                await vandal.changes_a_profile("hurt-cat"): "different",
                await vandal.loses_half_a_connection("hurt-ann"): "missing",
                half: "missing",
            }
            found, _ = await question.diff()
            ours = [each for each in found if named(each) == half or mine([each], *rooms, "hurt-")]
            assert {named(each): each.kind for each in ours} == done
            assert all((each.behind is None) == (each.kind == "extra") for each in ours)
            assert all(bool(each.attributes) == (each.kind == "different") for each in ours)
            async with Table(question.settings) as live:
                assert [await repair(live, each) for each in ours] == ["repaired"] * len(done)
            again, _ = await question.diff()
    assert not {named(each) for each in again} & set(done)


async def rounds(town: Town, count: int, tag: str, per_s: float = PER_S) -> None:
    """Random damage, or none, in each round, while messages are sent: exactly that is found, whatever else goes on."""
    rooms = await people_and_rooms(town, tag)
    question, vandal = Question(town.cluster, AGAIN), Vandal(town)
    acts = (vandal.deletes_a_message, vandal.alters_a_message, vandal.invents_a_message)
    async with Load(town.cluster, rooms, per_s).running() as load, Table(question.settings) as live:
        await some_messages(town, rooms)
        for number in range(count):
            if number % REBUILT_EACH == 0:
                await question.rebuild()
            done = {await random.choice(acts)(random.choice(list(rooms))) for _ in range(random.randrange(3))}
            found, _ = await question.diff()
            assert mine(found, *rooms, tag) == done
            await _repair_all(live, [each for each in found if named(each) in done])
        assert load.sent > 0


async def _repair_all(live: Table, found: list[Difference]) -> None:
    for each in found:
        assert await repair(live, each) == "repaired"


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_in_two_random_rounds_all_damage_is_found_and_none_invented(town: Town) -> None:
    await rounds(town, 2, "two")


@pytest.mark.long
@pytest.mark.timeout(7_200)
async def test_in_a_hundred_random_rounds_all_damage_is_found_and_none_invented(tmp_path: Path) -> None:
    """On 25 clusters one after the other: a round looks at the whole table, which grows with every message."""
    for number in range(25):
        folder = tmp_path / f"k{number}"
        kaiwa = Path(sys.executable).with_name("kaiwa")
        up: list[str | Path] = [kaiwa, "up", "--ephemeral", "--detach", "--dir", folder]
        await asyncio.to_thread(lambda command: subprocess.run(command, check=True, timeout=200), up)
        try:
            async with Town.of(_described(folder)) as town:
                await rounds(town, 4, f"h{number}", LONG_PER_S)
        finally:
            down: list[str | Path] = [kaiwa, "down", "--dir", folder]
            await asyncio.to_thread(lambda command: subprocess.run(command, check=False, timeout=120), down)
