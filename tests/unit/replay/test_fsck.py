"""The invariants of the live table: each violation is found, and none is invented while people write."""

import random
from typing import Any

import pytest

from chassis.pace import Pace
from contracts import table
from contracts.table import Key
from contracts.topics import ROOMS
from replay.fsck import check
from replay.fsck.check import Fsck
from replay.fsck.invariants import Violation
from tests.doubles.rooms import create, send
from tests.doubles.world import World
from tests.unit.replay.given import Busy, Meanwhile, calm, nothing

PEOPLE = ("ann", "ben", "cat")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "AGAIN_S", 0.0)


class Town(World):
    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.dice = random.Random(seed)
        self.names: list[str] = []
        self.asleep = ""

    async def begin(self, steps: int = 60) -> None:
        self.lease()
        self.names = await self.settle(*PEOPLE)
        await self.ask(create("ann", "ben", room="quiet"))
        for number in range(6):
            await self.ask(send("ann", f"quiet {number}", room="quiet"))
        self.asleep = await self.connect("zed")
        for _ in range(steps):
            await self.meanwhile()
        self.emit()

    async def meanwhile(self) -> None:
        await self.step(self.dice, self.names, list(PEOPLE))

    def messages(self) -> list[Key]:
        return sorted(key for key in self.table.items if key.pk == "CHATROOM#quiet" and key.sk.startswith("MESSAGE#"))


async def checked(town: Town, meanwhile: Meanwhile = calm) -> list[Violation]:
    one = Fsck(await town.opened(), Busy(town.table, meanwhile), Pace(None), nothing)
    try:
        return [violation async for violation in one.round()]
    finally:
        one.close()


def told(found: list[Violation]) -> set[tuple[str, Key]]:
    return {(one.invariant, one.key) for one in found}


@pytest.mark.parametrize("seed", range(20))
async def test_nothing_is_told_of_a_table_that_is_whole_while_people_write(seed: int) -> None:
    town = Town(seed)
    await town.begin()
    assert told(await checked(town, town.meanwhile)) == set()


def lose_half(town: Town) -> set[tuple[str, Key]]:
    del town.table.items[table.user_connection("zed", town.asleep)]
    return {("connection halves", table.connection(town.asleep))}


def lose_other_half(town: Town) -> set[tuple[str, Key]]:
    del town.table.items[table.connection(town.asleep)]
    return {("connection halves", table.user_connection("zed", town.asleep))}


def contradict_half(town: Town) -> set[tuple[str, Key]]:
    town.table.items[table.connection(town.asleep)]["gatewayId"] = {"S": "gateway-9"}
    both = (table.connection(town.asleep), table.user_connection("zed", town.asleep))
    return {("connection halves", key) for key in both}


def set_back_last_message(town: Town) -> set[tuple[str, Key]]:
    town.table.items[table.last_message("quiet")]["seq"] = {"N": "2"}
    return {("last message", table.last_message("quiet"))}


def lose_last_message(town: Town) -> set[tuple[str, Key]]:
    del town.table.items[table.last_message("quiet")]
    return {("last message", table.last_message("quiet"))}


def lose_middle(town: Town) -> set[tuple[str, Key]]:
    third, fourth = town.messages()[2:4]
    del town.table.items[third]
    return {("seq without gaps", fourth), ("fact has its message", third)}


def lose_newest(town: Town) -> set[tuple[str, Key]]:
    newest = town.messages()[-1]
    del town.table.items[newest]
    return {
        ("seq without gaps", table.fence("quiet")),
        ("fact has its message", newest),
        ("last message", table.last_message("quiet")),
    }


def invent_row(town: Town) -> set[tuple[str, Key]]:
    key = table.membership("mallory", "quiet")
    like = town.table.items[table.membership("ann", "quiet")]
    town.table.items[key] = like | {"PK": {"S": key.pk}, "position": {"N": "777"}}
    return {("row has its event", key)}


def bury_gateway(town: Town) -> set[tuple[str, Key]]:
    town.stop()
    town.log.now_ms += 61_000
    town.lease("gateway-2", "ffffffff")
    keys = [key for key in town.table.items if "CONNECTION#" in f"{key.pk}{key.sk}" and "CHATROOM#" not in key.sk]
    return {("dead gateway", key) for key in keys}


@pytest.mark.parametrize(
    "damage",
    [
        lose_half,
        lose_other_half,
        contradict_half,
        set_back_last_message,
        lose_last_message,
        lose_middle,
        lose_newest,
        invent_row,
        bury_gateway,
    ],
)
async def test_each_violation_is_found(damage: Any) -> None:
    town = Town(2)
    await town.begin(20)
    expected = damage(town)
    assert told(await checked(town)) == expected


async def test_a_gateway_that_ended_less_than_a_minute_ago_is_no_violation() -> None:
    town = Town(2)
    await town.begin(20)
    town.log.now_ms += 100_000
    town.stop()
    town.log.now_ms += 50_000
    town.lease("gateway-2", "ffffffff")
    assert told(await checked(town)) == set()


async def test_a_watch_reads_each_event_once_and_finds_again_what_is_still_missing() -> None:
    town = Town(2)
    await town.begin(20)
    third = town.messages()[2]
    kept = town.table.items.pop(third)
    one = Fsck(await town.opened(), town.table, Pace(None), nothing)
    first = [violation async for violation in one.round()]
    assert one.facts > 0
    again = [violation async for violation in one.round()]
    assert one.facts == 0
    assert told(again) == told(first)
    town.table.items[third] = kept
    assert [violation async for violation in one.round()] == []
    one.close()


async def test_rows_older_than_history_are_counted_and_not_told() -> None:
    town = Town(2)
    await town.begin(20)
    log = await town.opened()
    part = log.part_of(ROOMS, "quiet")
    town.log.expire(ROOMS.name, part.partition, log.end(part))
    one = Fsck(await town.opened(), town.table, Pace(None), nothing)
    assert told([violation async for violation in one.round()]) == set()
    assert one.before_history > 0
    one.close()
