"""Dead letters: listed, put back untouched and once, or done without."""

import pytest

from chassis.dead_letters import dead_letter
from chassis.records import Record
from contracts.headers import REDRIVEN, TRACEPARENT
from contracts.topics import CONNECTIONS, DEAD_LETTERS, SUBMISSIONS
from replay.dead_letters import Letter, NoSuchLetter, Unaddressed, discard, letter, letters, put_back, redrive
from tests.doubles.world import World

BAD = b'{"type":"sendMessage","version":1,"content":"half a mess'


async def world_with_a_letter(topic: str = SUBMISSIONS.name, headers: tuple[tuple[str, bytes], ...] = ()) -> World:
    world = World()
    record = world.log.append(topic, "room-0", BAD, headers)
    world.log.take(dead_letter(record, ValueError("bad in itself")))
    return world


async def listed(world: World) -> list[Letter]:
    return [one async for one in letters(await world.opened())]


async def test_a_letter_tells_where_it_stood_and_why_it_was_put_aside() -> None:
    world = await world_with_a_letter()
    (one,) = await listed(world)
    data = one.data(show_content=False)
    assert (one.state, data["code"], data["key"]) == ("open", "ValueError", "room-0")
    assert data["origin"].startswith("chat.submissions/")
    assert "half a mess" not in str(data)
    assert "half a mess" in str(one.data(show_content=True))


async def test_what_is_put_back_is_untouched_but_for_the_header_that_says_so() -> None:
    trace = ((TRACEPARENT, b"00-aa-bb-01"),)
    world = await world_with_a_letter(headers=trace)
    (one,) = await listed(world)
    assert await redrive(await world.opened(), world.log, one) == "redriven"
    before, after = [record for record in world.log.records_of(SUBMISSIONS.name) if record.key == b"room-0"]
    assert (after.key, after.value, after.partition) == (before.key, before.value, before.partition)
    assert after.headers == (*trace, (REDRIVEN, one.id.encode()))


async def test_redriving_twice_puts_it_back_once() -> None:
    world = await world_with_a_letter()
    (one,) = await listed(world)
    await redrive(await world.opened(), world.log, one)
    (again,) = await listed(world)
    assert again.state == "redriven"
    assert await redrive(await world.opened(), world.log, again) == "was redriven"
    assert len(world.log.records_of(SUBMISSIONS.name)) == 2


async def test_one_who_died_between_the_record_and_the_marker_is_found_out() -> None:
    world = await world_with_a_letter()
    (one,) = await listed(world)
    original = one.original()
    assert original is not None
    world.log.take(put_back(original, one.id))
    assert await redrive(await world.opened(), world.log, one) == "was redriven"
    assert len(world.log.records_of(SUBMISSIONS.name)) == 2
    (again,) = await listed(world)
    assert again.state == "redriven"


async def test_a_discarded_letter_is_open_no_more_and_may_be_discarded_twice() -> None:
    world = await world_with_a_letter()
    (one,) = await listed(world)
    assert await discard(world.log, one) == "discarded"
    (again,) = await listed(world)
    assert again.state == "discarded"
    assert await discard(world.log, again) == "was discarded"
    assert len(world.log.records_of(DEAD_LETTERS.name)) == 2
    assert len(world.log.records_of(SUBMISSIONS.name)) == 1


async def test_letters_of_every_topic_go_back_to_their_own() -> None:
    world = await world_with_a_letter(CONNECTIONS.name)
    (one,) = await listed(world)
    await redrive(await world.opened(), world.log, one)
    assert len(world.log.records_of(CONNECTIONS.name)) == 2
    assert world.log.records_of(SUBMISSIONS.name) == []


async def test_a_letter_without_an_address_can_only_be_discarded() -> None:
    world = World()
    world.log.append(DEAD_LETTERS.name, "room-0", BAD)
    (one,) = await listed(world)
    with pytest.raises(Unaddressed):
        await redrive(await world.opened(), world.log, one)
    assert await discard(world.log, one) == "discarded"


@pytest.mark.parametrize("wrong", ["", "x", "0", "0/", "0/99", "99/0", "-1/0"])
async def test_an_id_that_names_no_letter_is_refused(wrong: str) -> None:
    world = await world_with_a_letter()
    with pytest.raises(NoSuchLetter):
        await letter(await world.opened(), wrong)


async def test_a_letter_is_found_by_its_id() -> None:
    world = await world_with_a_letter()
    (one,) = await listed(world)
    assert await letter(await world.opened(), one.id) == one


def test_a_record_without_key_and_value_keeps_a_key_that_can_be_written() -> None:
    assert put_back(Record(SUBMISSIONS.name, 0, 0, 0, None, None), "0/0").key == b""
