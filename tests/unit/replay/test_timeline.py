"""All events about something, in causal order, with what they did and who should have heard of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chassis.records import Record
from contracts import table
from contracts.connections import ConnectionRef
from contracts.envelope import encode
from contracts.facts import CommandRejected, MessagePosted, MessageRejected, SubmissionRef
from contracts.headers import REDRIVEN
from contracts.topics import CONNECTIONS, DELIVERIES, PRESENCE, ROOMS, SUBMISSIONS, TOPICS
from replay.log import Part
from replay.merge import next_part
from replay.seen import see
from replay.subject import ConnectionSubject, MessageSubject, RoomSubject, Subject, UserSubject, id_of
from replay.timeline import Line, NotFound, Window, find_message, timeline
from replay.words import sentence
from tests.doubles.rooms import create, event, profile, read, remove, send
from tests.doubles.world import World
from tests.unit.replay.given import nothing


async def lines(world: World, subject: Subject, window: Window = Window()) -> list[Line]:  # noqa: B008 - frozen
    return [line async for line in timeline(await world.opened(), subject, window, nothing)]


def kinds(found: list[Line]) -> list[str]:
    return [line.seen.kind for line in found]


async def small_world() -> World:
    world = World()
    await world.settle("ann", "ben", rooms=2)
    return world


async def test_a_room_is_told_from_its_creation_with_rows_and_receivers() -> None:
    world = await small_world()
    connection = await world.connect("ben")
    await world.ask(send("ann", "hello", room="room-0", key="k"))
    (fact,) = world.posted("room-0")
    world.push(fact, count=1)
    await world.ask(send("ann", "elsewhere", room="room-1"))
    found = await lines(world, RoomSubject("room-0"))
    assert kinds(found) == ["createRoom", "roomCreated", "sendMessage", "messagePosted", "pushed"]
    posted = found[3]
    assert {effect.key.sk.partition("#")[0] for effect in posted.table} == {
        "FENCE",
        "MESSAGE",
        "LASTMESSAGE",
        "CLIENTMESSAGE",
    }
    assert posted.receivers == {"ann": [], "ben": [connection]}
    assert all(line.receivers is None for line in found if line is not posted)


async def test_who_has_left_the_room_or_closed_the_connection_is_no_receiver_any_more() -> None:
    world = await small_world()
    connection = await world.connect("ben")
    await world.connect("ann")
    await world.disconnect("ben", connection)
    await world.ask(remove("ann", "ann", room="room-0"))
    await world.ask(send("ben", "alone", room="room-0"))
    found = await lines(world, RoomSubject("room-0"))
    assert found[-1].receivers == {"ben": []}


async def test_contents_are_shown_only_when_asked_for() -> None:
    world = await small_world()
    await world.ask(send("ann", "a secret", room="room-0"))
    found = await lines(world, RoomSubject("room-0"))
    hidden = [line.data(show_content=False) for line in found]
    assert "a secret" not in str(hidden)
    assert hidden[-1]["event"]["content"] == "(8 characters)"
    assert found[-1].data(show_content=True)["event"]["content"] == "a secret"


async def test_a_window_leaves_out_the_rest_and_still_knows_who_was_there() -> None:
    world = await small_world()
    connection = await world.connect("ben")
    await world.ask(send("ann", "before", room="room-0"))
    begins = world.log.now_ms + 1
    await world.ask(send("ann", "then", room="room-0"))
    ends = world.log.now_ms
    await world.ask(send("ann", "after", room="room-0"))
    found = await lines(world, RoomSubject("room-0"), Window(begins, ends))
    assert kinds(found) == ["sendMessage", "messagePosted"]
    assert found[1].receivers == {"ann": [], "ben": [connection]}


async def test_a_user_is_told_across_all_topics() -> None:
    world = await small_world()
    await world.name(profile("cat", "pending", "Cat"))
    connection = await world.connect("cat")
    await world.ask(send("cat", "let me in", room="room-0"))
    await world.ask(send("ann", "not hers", room="room-0"))
    await world.disconnect("cat", connection)
    found = await lines(world, UserSubject("cat"))
    assert kinds(found) == ["profileUpdated", "connected", "sendMessage", "messageRejected", "disconnected"]
    assert [str(effect) for effect in found[4].table] == [
        f"delete CONNECTION#{connection} | METADATA",
        f"delete USER#cat | CONNECTION#{connection}",
    ]


async def test_outcomes_that_name_a_users_connection_or_message_are_the_users() -> None:
    world = await small_world()
    connection = await world.connect("ben")
    await world.ask(send("ann", "to ben", room="room-0"))
    (fact,) = world.posted("room-0")
    world.push(fact, count=1, gone=(connection,))
    assert "pushed" in kinds(await lines(world, UserSubject("ben")))
    assert "pushed" in kinds(await lines(world, UserSubject("ann")))
    assert "pushed" not in kinds(await lines(world, UserSubject("cat")))


async def test_a_connection_is_told_from_its_handshake_to_the_end_of_its_gateway() -> None:
    world = await small_world()
    connection = await world.connect("ben")
    other = await world.connect("ben", epoch="ffffffff")
    asked = send("ben", "through it", room="room-0")
    through = {"connection_id": connection, "gateway_id": "gateway-1", "epoch": "0a0b0c0d"}
    await world.ask(send_through(asked, through))
    await world.retire("ben", connection)
    world.stop()
    found = await lines(world, ConnectionSubject(connection))
    assert kinds(found) == ["connected", "sendMessage", "messagePosted", "retired", "stopped"]
    assert kinds(await lines(world, ConnectionSubject(other))) == ["connected"]


def send_through(asked: Any, connection: dict[str, Any]) -> Any:
    return replace(asked, connection=ConnectionRef(**connection))


async def test_a_message_is_found_by_its_id_and_told_with_its_repetitions_and_pushes() -> None:
    world = await small_world()
    await world.ask(send("ann", "hello", room="room-0", key="k"))
    await world.ask(send("ann", "other", room="room-0"))
    await world.ask(send("ann", "hello", room="room-0", key="k"))
    fact, other = world.posted("room-0")
    world.push(fact, count=1)
    world.push(other, count=1)
    subject = await find_message(await world.opened(), fact.message_id, nothing)
    assert subject.chat_room_id == "room-0"
    found = await lines(world, subject)
    assert kinds(found) == ["sendMessage", "messagePosted", "sendMessage", "nothingChanged", "pushed"]


async def test_a_message_that_was_refused_is_found_by_the_id_that_the_ack_told_and_by_its_event() -> None:
    world = await small_world()
    asked = send("zoe", "no", room="room-0", key="k")
    await world.ask(asked)
    for wanted in (id_of(asked), asked.event_id):
        subject = await find_message(await world.opened(), wanted, nothing)
        assert isinstance(subject, MessageSubject)
        assert kinds(await lines(world, subject)) == ["sendMessage", "messageRejected"]


async def test_a_message_that_is_nowhere_is_not_found() -> None:
    world = await small_world()
    with pytest.raises(NotFound):
        await find_message(await world.opened(), "3f8af0a9-6f75-5ded-a44c-2cd51a206b99", nothing)


async def test_a_record_that_cannot_be_read_is_told_as_such() -> None:
    world = await small_world()
    world.log.append(SUBMISSIONS.name, "room-0", b"{", ((REDRIVEN, b"0/0"),))
    found = await lines(world, RoomSubject("room-0"))
    assert found[-1].seen.kind == "unreadable"
    assert "put back from chat.dead-letters" in found[-1].data(show_content=False)["what"]


async def test_a_fact_that_is_told_again_wrote_nothing_the_second_time() -> None:
    world = await small_world()
    await world.ask(send("ann", "hello", room="room-0"))
    last = [one for one in world.log.records_of(ROOMS.name) if one.key == b"room-0"][-1]
    world.log.append(ROOMS.name, last.key, last.value)
    found = await lines(world, RoomSubject("room-0"))
    assert found[-2].table
    assert found[-1].table == []


def at(topic: str, offset: int, time: int, made: Any) -> Record:
    return Record(topic, 0, offset, time, b"k", encode(made))


def test_an_effect_never_comes_before_its_cause_whatever_the_clocks_say() -> None:
    asked = create("ann", room="room-0")
    refused = CommandRejected(
        **event(),
        chat_room_id="room-0",
        submission=SubmissionRef(partition=0, offset=5, event_id="e"),
        command="createRoom",
        requested_by="ann",
        code="FORBIDDEN",
        message="no",
    )
    fronts = {
        Part(SUBMISSIONS.name, 0): see(at(SUBMISSIONS.name, 5, 2_000, asked)),
        Part(ROOMS.name, 0): see(Record(ROOMS.name, 0, 9, 1_000, b"room-0", encode(refused))),
    }
    assert next_part(fronts) == Part(SUBMISSIONS.name, 0)
    del fronts[Part(SUBMISSIONS.name, 0)]
    assert next_part(fronts) == Part(ROOMS.name, 0)


def test_at_the_same_time_events_come_in_the_order_of_their_path() -> None:
    asked = read("ann", 1, room="room-0")
    fronts = {
        Part(topic.name, 0): see(Record(topic.name, 0, 0, 1_000, b"room-0", encode(asked)))
        for topic in (DELIVERIES, PRESENCE, SUBMISSIONS, CONNECTIONS)
    }
    assert next_part(fronts) == Part(CONNECTIONS.name, 0)


async def test_every_event_has_words_of_its_own() -> None:
    root = Path(__file__).parents[3] / "contracts" / "examples" / "events"
    for topic in TOPICS:
        for path in sorted((root / topic.name).glob("*.json")):
            seen = see(Record(topic.name, 0, 0, 0, b"k", json.dumps(json.loads(path.read_text())).encode()))
            assert seen.problem is None, path
            said = sentence(seen, show_content=False)
            assert said
            assert seen.event is not None
            is_named = type(seen.event).__name__ in {"LeaseRenewed", "Tick"}
            assert is_named or said != type(seen.event).__name__, path
            content = getattr(seen.event, "content", None)
            if isinstance(seen.event, MessagePosted | MessageRejected) and isinstance(content, str):
                assert content not in said


async def test_the_room_that_was_never_made_has_no_rows() -> None:
    world = World()
    await world.ask(send("ann", "hello", room="nowhere"))
    found = await lines(world, RoomSubject("nowhere"))
    assert kinds(found) == ["sendMessage", "messageRejected"]
    assert [line.table for line in found] == [[], []]
    assert table.fence("nowhere") not in world.table.items
