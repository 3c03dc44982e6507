"""A table against the log while both go on: every damage is found, and none is invented."""

import random
from typing import Any

import pytest

from chassis.items import item, key_of
from contracts import table
from contracts.rows import LastMessageRow
from contracts.table import Key
from contracts.topics import ROOMS, SUBMISSIONS
from replay.differences import Difference
from replay.kinds import class_of
from replay.log import Log
from replay.repair import repair
from tests.doubles.rooms import create, profile, send
from tests.doubles.table import MemoryTable
from tests.doubles.world import World
from tests.unit.replay.given import compared, rebuilt

PEOPLE = ("ann", "ben", "cat")


def keys(found: list[Difference]) -> set[tuple[str, Key]]:
    return {(one.kind, one.key) for one in found}


class Town(World):
    """Rooms where things happen, and `quiet`, where `zed` sits alone with one connection."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)
        self.rooms: list[str] = []
        self.base = MemoryTable()
        self.asleep = ""

    async def begin(self, steps: int = 60) -> None:
        self.rooms = await self.settle(*PEOPLE)
        await self.name(profile("zed", "approved", "Zed"))
        await self.ask(create("zed", "ann", room="quiet"))
        for number in range(4):
            await self.ask(send("zed", f"quiet {number}", room="quiet", key=f"k{number}"))
        self.asleep = await self.connect("zed")
        for _ in range(steps):
            await self.step(self.dice, self.rooms, list(PEOPLE))

    async def meanwhile(self) -> None:
        for _ in range(self.dice.randrange(3)):
            await self.step(self.dice, self.rooms, list(PEOPLE))

    def messages(self, room: str) -> list[Key]:
        pk = table.room_pk(room)
        return sorted(key for key in self.table.items if key.pk == pk and key.sk.startswith("MESSAGE#"))

    # Damage; each returns the difference that it makes

    def deletes_a_message(self) -> tuple[str, Key]:
        key = self.dice.choice(self.messages(self.dice.choice([*self.rooms, "quiet"])))
        del self.table.items[key]
        return "missing", key

    def alters_a_message(self) -> tuple[str, Key]:
        key = self.dice.choice(self.messages(self.dice.choice([*self.rooms, "quiet"])))
        self.table.items[key]["senderId"] = {"S": "mallory"}
        return "different", key

    def invents_a_message(self) -> tuple[str, Key]:
        like = self.dice.choice(self.messages("quiet"))
        key = Key(like.pk, f"MESSAGE#1700000000000#{self.dice.random()}")
        self.table.items[key] = self.table.items[like] | {"SK": {"S": key.sk}}
        return "extra", key

    def invents_a_room(self) -> tuple[str, Key]:
        key = table.fence(f"never-{self.dice.randrange(10**6)}")
        self.table.items[key] = self.table.items[table.fence("quiet")] | {"PK": {"S": key.pk}}
        return "extra", key

    def forgets_a_key(self) -> tuple[str, Key]:
        key = table.client_message("quiet", "zed", f"k{self.dice.randrange(4)}")
        del self.table.items[key]
        return "missing", key

    def forgets_a_membership(self) -> tuple[str, Key]:
        key = table.membership("zed", "quiet")
        del self.table.items[key]
        return "missing", key

    def sets_back_the_last_message(self) -> tuple[str, Key]:
        key = table.last_message("quiet")
        first = self.posted("quiet")[0]
        row = LastMessageRow(
            position=first.submission.offset,
            last_message_at=first.created_at,
            last_message=first.content,
            message_id=first.message_id,
            sender_id=first.sender_id,
            seq=first.seq,
        )
        self.table.items[key] = item(key, row)
        return "different", key

    def changes_a_profile(self) -> tuple[str, Key]:
        key = table.profile("zed")
        self.table.items[key]["verificationStatus"] = {"S": "rejected"}
        return "different", key

    def loses_half_a_connection(self) -> tuple[str, Key]:
        key = self.dice.choice([table.connection(self.asleep), table.user_connection("zed", self.asleep)])
        del self.table.items[key]
        return "missing", key

    def leaves_a_connection(self) -> tuple[str, Key]:
        key = table.connection("AAAAAAAAAAAAAAA=")
        self.table.items[key] = self.base.items[table.connection(self.asleep)] | {"PK": {"S": key.pk}}
        return "extra", key

    def adds_an_attribute(self) -> tuple[str, Key]:
        key = table.room("quiet")
        self.table.items[key]["colour"] = {"S": "red"}
        return "different", key

    def puts_a_fence_ahead(self) -> tuple[str, Key]:
        key = table.fence("quiet")
        self.table.items[key]["position"] = {"N": "999999"}
        return "different", key


DAMAGES: list[Any] = [
    Town.deletes_a_message,
    Town.alters_a_message,
    Town.invents_a_message,
    Town.invents_a_room,
    Town.forgets_a_key,
    Town.forgets_a_membership,
    Town.sets_back_the_last_message,
    Town.changes_a_profile,
    Town.loses_half_a_connection,
    Town.leaves_a_connection,
    Town.adds_an_attribute,
]


@pytest.mark.parametrize("seed", range(100))
async def test_in_each_of_a_hundred_rounds_all_damage_is_found_and_none_invented_while_people_write(seed: int) -> None:
    town = Town(seed)
    await town.begin()
    await rebuilt(town, town.base)
    await town.meanwhile()
    town.emit()
    done = {damage(town) for damage in town.dice.sample(DAMAGES, town.dice.randrange(4))}
    found, _ = await compared(town, town.base, meanwhile=town.meanwhile)
    assert keys(found) == done


@pytest.mark.parametrize("damage", [*DAMAGES, Town.puts_a_fence_ahead], ids=lambda one: one.__name__)
async def test_each_kind_of_damage_is_named_with_its_event_and_repaired(damage: Any) -> None:
    town = Town(7)
    await town.begin()
    town.emit()
    await rebuilt(town, town.base)
    kind, key = damage(town)
    found, _ = await compared(town, town.base)
    assert keys(found) == {(kind, key)}
    (one,) = found
    assert (one.behind is None) == (kind == "extra")
    assert bool(one.attributes) == (kind == "different")
    assert await repair(town.table, one) == "repaired"
    again, walk = await compared(town, town.base)
    assert again == []
    assert walk.counted.unsettled == []


async def test_a_row_that_was_deleted_by_an_event_and_is_still_there_is_extra_and_names_that_event() -> None:
    town = Town(3)
    await town.begin()
    town.emit()
    key = table.connection(town.asleep)
    kept = dict(town.table.items[key])
    await town.disconnect("zed", town.asleep)
    town.table.items[key] = kept
    other = table.user_connection("zed", town.asleep)
    await rebuilt(town, town.base)
    found, _ = await compared(town, town.base)
    assert keys(found) == {("extra", key)}
    assert other not in town.table.items


async def test_a_fact_that_is_in_the_outbox_and_not_yet_in_the_log_is_no_difference() -> None:
    town = Town(5)
    await town.begin()
    town.emit()
    await rebuilt(town, town.base)
    await town.decide_only(send("ann", "on its way", room=town.rooms[0]))
    found, walk = await compared(town, town.base)
    assert found == []
    assert {key.pk for key in walk.counted.unsettled} <= {table.room_pk(town.rooms[0])}


async def test_an_event_that_presence_has_not_come_to_is_no_difference() -> None:
    town = Town(5)
    await town.begin()
    town.emit()
    await rebuilt(town, town.base)
    before = dict(town.table.items)
    await town.connect("zed")
    town.table.items = before
    found, walk = await compared(town, town.base)
    assert found == []
    assert len(walk.counted.unsettled) == 2


async def test_two_tables_are_compared_as_they_stand() -> None:
    town = Town(9)
    await town.begin()
    town.emit()
    await rebuilt(town, town.base)
    found, _ = await compared(town, town.base, live=False)
    assert found == []
    await town.ask(send("zed", "one more", room="quiet"))
    found, _ = await compared(town, town.base, live=False)
    assert {one.key.sk.partition("#")[0] for one in found} == {"FENCE", "LASTMESSAGE", "MESSAGE"}


async def test_rows_older_than_history_are_counted_and_never_shown_as_differences() -> None:
    town = Town(11)
    await town.begin()
    town.emit()
    log = await Log.over(town.log, SUBMISSIONS, ROOMS)
    part = log.part_of(ROOMS, "quiet")
    town.log.expire(ROOMS.name, part.partition, town.log.records_of(ROOMS.name)[-1].offset)
    town.log.expire(ROOMS.name, part.partition, log.end(part))
    await rebuilt(town, town.base)
    found, walk = await compared(town, town.base)
    assert found == []
    assert walk.counted.before_history >= len(town.messages("quiet"))


async def test_rows_about_the_work_are_not_compared() -> None:
    town = Town(1)
    await town.begin()
    town.emit()
    await rebuilt(town, town.base)
    town.table.items.pop(next(key for key in town.table.items if key.sk == table.CHECKPOINT))
    found, _ = await compared(town, town.base)
    assert all(class_of(key_of(one.found or {})) is not None for one in found if one.found)
    assert found == []
