"""Recorded submissions decided again, each from the state of its time: only what really differs is told."""

import random
import shutil
from pathlib import Path

import pytest

from chassis.dead_letters import dead_letter
from contracts.envelope import UnknownType
from contracts.topics import SUBMISSIONS
from replay.shadow.bench import Shadow
from replay.shadow.causes import Changed
from replay.shadow.code import OWN_TREE, NoSuchCode, OtherCode, unpacked
from replay.shadow.judge import Answer, Judge, Request
from replay.timeline import Window
from services.persistence.case import Rules
from tests.doubles.rooms import REDRIVEN_HEADER, create, profile, send
from tests.doubles.world import World
from tests.unit.replay.given import nothing

PEOPLE = ("ann", "ben", "cat")
ALWAYS = Window()


async def busy_world(seed: int = 1, steps: int = 80) -> World:
    world, dice = World(), random.Random(seed)
    rooms = await world.settle(*PEOPLE)
    for _ in range(steps):
        await world.step(dice, rooms, list(PEOPLE))
    world.emit()
    return world


async def shadowed(
    world: World, decides: object = None, window: Window = ALWAYS, rules: Rules | None = None
) -> tuple[list[Changed], Shadow]:
    run = Shadow(await world.opened(), decides or Judge(), rules or Rules(), nothing)  # type: ignore[arg-type]
    return [one async for one in run.run(window)], run


@pytest.mark.parametrize("seed", range(8))
async def test_the_same_code_decides_everything_as_it_was_decided(seed: int) -> None:
    world = await busy_world(seed)
    changed, run = await shadowed(world)
    assert changed == []
    assert run.judged.decided == len(world.log.records_of(SUBMISSIONS.name))
    assert run.judged.unanswered == 0


async def test_each_is_decided_with_the_profile_that_it_stood_on() -> None:
    world = World()
    await world.settle("ann", rooms=1)
    await world.name(profile("ann", "rejected"))
    await world.ask(send("ann", "refused", room="room-0"))
    await world.name(profile("ann", "approved"))
    await world.ask(send("ann", "posted", room="room-0"))
    await world.name(profile("ann", "pending"))
    changed, run = await shadowed(world)
    assert changed == []
    assert run.judged.decided == 3


async def test_other_rules_are_told_by_cause_and_do_not_make_the_next_ones_differ() -> None:
    world = World()
    await world.settle("ann", "ben", "cat", rooms=2)
    await world.ask(send("ann", "hello", room="room-0"))
    changed, run = await shadowed(world, rules=Rules(participants_most=2))
    assert [one.cause for one in changed] == ["roomCreated → commandRejected TOO_MANY_PARTICIPANTS"] * 2
    assert run.judged.decided == 3


async def test_a_field_that_differs_is_named() -> None:
    world = World()
    await world.settle("ann", rooms=1)
    await world.name(profile("bob", "pending"))
    await world.ask(send("bob", "hello", room="room-0"))
    changed, _ = await shadowed(world, rules=Rules(verification_message="another text"))
    assert [one.cause for one in changed] == ["messageRejected VERIFICATION_REQUIRED: another message"]


async def test_code_that_fails_is_told_with_its_error() -> None:
    world = World()
    await world.settle("ann", rooms=1)

    def broken(_asked: Request) -> Answer:
        return Answer(None, "KeyError: 'x'")

    (changed,), _ = await shadowed(world, broken)
    assert changed.cause == "roomCreated → put aside: KeyError"


async def test_what_was_put_aside_and_still_would_be_does_not_differ() -> None:
    world = World()
    await world.settle("ann", rooms=1)
    bad = b'{"type":"sendMessage","version":1,"eventId":"e","occurredAt":"x","chatRoomId":"room-0","senderId":"ann"}'
    record = world.log.append(SUBMISSIONS.name, "room-0", bad)
    world.log.take(dead_letter(record, UnknownType("bad")))
    world.held_back += (await world.persistence.answer_dead_letter(record, UnknownType("bad"))).publish
    world.emit()
    changed, run = await shadowed(world)
    assert changed == []
    assert run.judged.decided == 2


async def test_a_redriven_record_is_decided_as_such() -> None:
    world = World()
    await world.settle("ann", rooms=1)
    asked = send("ann", "again", room="room-0")
    await world.ask(asked, REDRIVEN_HEADER)
    await world.ask(asked, REDRIVEN_HEADER)
    changed, run = await shadowed(world)
    assert changed == []
    assert run.judged.decided == 3


async def test_a_window_decides_only_what_came_then_from_the_whole_past() -> None:
    world = await busy_world(3, steps=30)
    begins = world.log.now_ms + 1
    await world.ask(send("ann", "then", room="room-0", key="fresh"))
    changed, run = await shadowed(world, window=Window(begins, None))
    assert (changed, run.judged.decided) == ([], 1)


async def test_what_has_no_fact_yet_is_counted() -> None:
    world = World()
    await world.settle("ann", rooms=1)
    await world.decide_only(send("ann", "on its way", room="room-0"))
    _, run = await shadowed(world)
    assert run.judged.unanswered == 1


async def test_the_code_of_another_tree_decides_in_a_process_of_its_own(tmp_path: Path) -> None:
    for package in ("services", "chassis", "contracts"):
        shutil.copytree(OWN_TREE / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    world = World()
    await world.settle("ann", rooms=1)
    await world.ask(send("ann", "hello", room="room-0"))
    with OtherCode(tmp_path) as same:
        changed, _ = await shadowed(world, same)
    assert changed == []
    rules = tmp_path / "services" / "persistence" / "message_rules.py"
    rules.write_text(rules.read_text().replace("content=asked.content", "content=asked.content.upper()"))
    with OtherCode(tmp_path) as other:
        changed, _ = await shadowed(world, other)
    assert [one.cause for one in changed] == ["messagePosted: another content"]
    assert (changed[0].recorded["content"], (changed[0].today or {})["content"]) == ("hello", "HELLO")


async def test_code_without_the_names_that_are_asked_for_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(NoSuchCode, match=r"decide\.py"):
        OtherCode(tmp_path)
    (tmp_path / "services" / "persistence").mkdir(parents=True)
    (tmp_path / "services" / "persistence" / "decide.py").write_text("raise SystemExit\n")
    world = World()
    await world.settle("ann", rooms=1)
    with OtherCode(tmp_path) as other, pytest.raises(NoSuchCode, match="does not judge"):
        await shadowed(world, other)


def test_a_commit_that_git_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoSuchCode, match="git knows no"):
        unpacked("no-such-commit", repository=tmp_path)
    with pytest.raises(NoSuchCode, match="names no commit"):
        unpacked("--output=/tmp/x")


async def test_contents_are_hidden_in_what_is_told() -> None:
    world = World()
    await world.settle("ann", rooms=1)
    await world.ask(create("ann", room="room-1"))
    await world.ask(send("ann", "a secret", room="room-0"))

    def silent(_asked: Request) -> Answer:
        return Answer(None, "Nothing: at all")

    changed, _ = await shadowed(world, silent)
    assert "a secret" not in str([one.data(show_content=False) for one in changed])
    assert "a secret" in str([one.data(show_content=True) for one in changed])
