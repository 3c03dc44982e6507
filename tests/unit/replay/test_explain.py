"""Why a user did or did not get a message, from the evidence of the topics."""

from typing import Any

import pytest

from contracts.facts import MessagePosted
from replay.explain import Evidence, fates, gather
from replay.paragraph import paragraph
from replay.subject import MessageSubject, id_of
from tests.doubles.rooms import profile, read, remove, send
from tests.doubles.world import World
from tests.unit.replay.given import nothing


async def world_with_a_message() -> tuple[World, MessagePosted, str]:
    world = World()
    await world.settle("ann", "ben", rooms=1)
    connection = await world.connect("ben")
    await world.ask(send("ann", "hello", room="room-0", key="k"))
    (fact,) = world.posted("room-0")
    return world, fact, connection


async def evidence(world: World, message_id: str, user: str) -> Evidence:
    return await gather(await world.opened(), MessageSubject("room-0", message_id), user, nothing)


async def test_what_its_gateway_took_is_delivered_and_named_with_its_place() -> None:
    world, fact, connection = await world_with_a_message()
    record = world.push(fact, count=1)
    found = await evidence(world, fact.message_id, "ben")
    (one,) = fates(found)
    assert (one.connection_id, one.fate) == (connection, "delivered")
    assert f"chat.deliveries/{record.partition}/{record.offset}" in one.why
    said = paragraph(found)
    assert "was accepted at" in said
    assert "was posted as number 1" in said
    assert "delivered" in said


@pytest.mark.parametrize("fate", ["gone", "slow", "dropped"])
async def test_a_connection_that_missed_it_is_told_with_the_reason(fate: str) -> None:
    world, fact, connection = await world_with_a_message()
    missed: Any = {fate: (connection,)}
    world.push(fact, count=1, **missed)
    (one,) = fates(await evidence(world, fact.message_id, "ben"))
    assert one.fate == fate


async def test_without_an_answer_of_its_gateway_it_is_not_yet_known() -> None:
    world, fact, _ = await world_with_a_message()
    world.push(fact, count=1, gateway="gateway-2")
    (one,) = fates(await evidence(world, fact.message_id, "ben"))
    assert one.fate == "not yet known"


async def test_without_an_answer_of_a_gateway_that_has_ended_it_is_lost_with_it() -> None:
    world, fact, _ = await world_with_a_message()
    world.stop()
    (one,) = fates(await evidence(world, fact.message_id, "ben"))
    assert one.fate == "lost with its gateway"
    assert "stopped" in one.why


async def test_a_connection_that_ended_before_any_push_is_gone() -> None:
    world, fact, connection = await world_with_a_message()
    await world.disconnect("ben", connection)
    (one,) = fates(await evidence(world, fact.message_id, "ben"))
    assert one.fate == "gone"


async def test_a_connection_that_came_just_after_is_owed_it_and_credited_with_its_own_push_only() -> None:
    world = World()
    await world.settle("ann", "ben", rooms=1)
    await world.ask(send("ann", "hello", room="room-0"))
    (fact,) = world.posted("room-0")
    world.push(fact, count=1)
    connection = await world.connect("ben")
    (one,) = fates(await evidence(world, fact.message_id, "ben"))
    assert (one.connection_id, one.fate) == (connection, "not yet known")
    record = world.push(fact, count=1)
    (one,) = fates(await evidence(world, fact.message_id, "ben"))
    assert one.fate == "delivered"
    assert f"/{record.offset}" in one.why


async def test_a_read_mark_at_the_message_shows_that_a_client_had_it() -> None:
    world, fact, _ = await world_with_a_message()
    assert "No read mark" in paragraph(await evidence(world, fact.message_id, "ben"))
    await world.ask(read("ben", 1, room="room-0"))
    assert "Their read mark passed it" in paragraph(await evidence(world, fact.message_id, "ben"))


async def test_who_was_not_in_the_room_is_told_so_and_who_was_removed_when() -> None:
    world, fact, _ = await world_with_a_message()
    assert "zoe was not in the room then" in paragraph(await evidence(world, fact.message_id, "zoe"))
    await world.ask(remove("ann", "ben", room="room-0"))
    await world.ask(send("ann", "without ben", room="room-0"))
    later = world.posted("room-0")[1]
    said = paragraph(await evidence(world, later.message_id, "ben"))
    assert "ben had been removed from the room" in said


async def test_who_had_no_connection_is_told_so() -> None:
    world, fact, _ = await world_with_a_message()
    assert "ann had no connection open then" in paragraph(await evidence(world, fact.message_id, "ann"))


async def test_who_had_left_just_before_is_told_when_and_how() -> None:
    world = World()
    await world.settle("ann", "ben", rooms=1)
    connection = await world.connect("ben")
    await world.disconnect("ben", connection)
    await world.ask(send("ann", "too late", room="room-0"))
    (fact,) = world.posted("room-0")
    said = paragraph(await evidence(world, fact.message_id, "ben"))
    assert "ben had no connection open then" in said
    assert f"{connection} at gateway-1, 1000" in said


async def test_a_refused_message_is_explained_by_its_refusal() -> None:
    world, _, _ = await world_with_a_message()
    await world.name(profile("cat", "pending", "Cat"))
    asked = send("cat", "let me in", room="room-0")
    await world.ask(asked)
    said = paragraph(await evidence(world, id_of(asked), "ben"))
    assert "refused with VERIFICATION_REQUIRED" in said
    assert "alone was told" in said


async def test_a_message_that_is_not_decided_yet_is_told_so() -> None:
    world, _, _ = await world_with_a_message()
    asked = send("ann", "waiting", room="room-0")
    await world.decide_only(asked)
    said = paragraph(await evidence(world, id_of(asked), "ben"))
    assert "not decided yet" in said


async def test_a_message_that_was_sent_again_says_that_it_changed_nothing() -> None:
    world, fact, _ = await world_with_a_message()
    await world.ask(send("ann", "hello", room="room-0", key="k"))
    assert "sent again 1 times" in paragraph(await evidence(world, fact.message_id, "ben"))
