"""Persistence on the real engines, its neighbours absent: submissions in Kafka become rows and facts, once (spec 5)."""

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from chassis.items import item, plain, row
from contracts import table
from contracts.envelope import encode
from contracts.facts import (
    CommandRejected,
    MessagePosted,
    MessageRejected,
    MessagesRead,
    NothingChanged,
    RoomCreated,
    SubmissionRef,
)
from contracts.ids import message_id
from contracts.rows import CheckpointRow, FenceRow, ProfileRow
from contracts.topics import ROOMS
from replay.fold import Fold, folded_part
from tests.doubles.rooms import REDRIVEN_HEADER, SOCKET, add, create, profile, read, remove, send
from tests.path.persistence_bench import Bench, persistence_on, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(engines: "RunningEngines") -> AsyncIterator[Bench]:
    """One process that goes on through all tests that need no other."""
    async with persistence_on(engines) as made:
        made.start()
        yield made


async def test_submissions_become_the_rows_and_facts_of_the_specification(running: Bench) -> None:
    alice, bob, outsider = unique("alice"), unique("bob"), unique("carol")
    room = await running.room(alice, bob)
    await running.publish(
        send(alice, "おはよう" * 30, room=room, key="k1"),
        send(bob, "hi", room=room),
        send(outsider, room=room, key="k2"),
        read(bob, 2, room=room),
        send(alice, "again", room=room, key="k1"),
        headers=(("traceparent", b"00-ab-cd-01"),),
    )
    await eventually(lambda: running.has_facts(room, 6), within_s=30)
    facts = await running.facts(room)
    assert [type(fact) for fact in facts] == [
        RoomCreated,
        MessagePosted,
        MessagePosted,
        MessageRejected,
        MessagesRead,
        NothingChanged,
    ]
    posted, refused = facts[1], facts[3]
    assert isinstance(posted, MessagePosted)
    assert isinstance(refused, MessageRejected)
    assert posted.message_id == message_id(alice, room, client_message_id="k1", event_id="")
    assert (refused.code, refused.connection) == ("VERIFICATION_REQUIRED", SOCKET)
    stored = await running.table.get(table.message(room, posted.timestamp, posted.message_id))
    assert stored
    assert {name: plain(value) for name, value in stored.items()} == {
        "PK": f"CHATROOM#{room}",
        "SK": f"MESSAGE#{posted.timestamp}#{posted.message_id}",
        "messageId": posted.message_id,
        "chatRoomId": room,
        "senderId": alice,
        "content": "おはよう" * 30,
        "messageType": "user",
        "createdAt": posted.created_at,
        "timestamp": posted.timestamp,
        "seq": 1,
        "clientMessageId": "k1",
        "position": posted.submission.offset,
    }
    last = await running.table.get(table.last_message(room))
    assert last
    assert plain(last["lastMessage"]) == "hi"
    told = [r for r in await running.records(ROOMS.name) if r.key == room.encode()][1]
    assert told.header("traceparent") == b"00-ab-cd-01"


async def test_the_table_is_the_fold_of_the_facts(running: Bench) -> None:
    people = [unique(name) for name in ("alice", "bob", "carol")]
    rooms = [await running.room(*people[:2]) for _ in range(3)]
    for turn in range(15):
        for room in rooms:
            await running.publish(
                send(people[turn % 3], f"{turn}", room=room, key=f"k{turn // 2}"),
                add(people[0], people[2], room=room) if turn == 4 else read(people[1], turn, room=room),
                remove(people[0], people[1], room=room) if turn == 9 else send(people[0], room=room),
            )
    for room in rooms:
        await eventually(partial(running.has_facts, room, 46), within_s=30)
        fold = Fold()
        for fact in await running.facts(room):
            fold.fact(fact)
        keys = [*fold.rows, table.membership(people[1], room), table.membership(people[2], room)]
        stored = await running.table.batch_get(keys)
        stored |= {table.Key(f["PK"]["S"], f["SK"]["S"]): f for f in await running.table.query(table.room_pk(room))}
        assert folded_part(stored.items()) == fold.items()


async def test_commands_of_the_http_api_have_an_outcome(running: Bench) -> None:
    alice = unique("alice")
    room = await running.room(alice)
    commands = [add(alice, "x", room=room), add("stranger", "y", room=room), create("stranger", room=unique("r"))]
    await running.publish(*commands)
    for command, code in zip(commands, ("OK", "VERIFICATION_REQUIRED", "VERIFICATION_REQUIRED"), strict=True):
        await eventually(partial(running.has_outcome, command.event_id, code))


async def test_profiles_follow_chat_users(running: Bench) -> None:
    erin = unique("erin")
    events = [
        profile(erin, "pending", "Erin", only_if_absent=True),
        profile(erin, "approved"),
        profile(erin, name="Zoe"),
        profile(erin, "pending", "Erin", only_if_absent=True),
    ]
    places = await running.publish(*events)
    for event in events:
        await eventually(partial(running.has_outcome, event.event_id, "OK"))
    stored = await running.table.get(table.profile(erin))
    assert stored
    known = row(ProfileRow, stored)
    assert (known.verification_status, known.display_name, known.position) == ("approved", "Zoe", places[2].offset)
    found = await running.table.query(table.DIRECTORY_PK, begins_with="NAME#")
    assert [entry["SK"]["S"] for entry in found if entry["userId"]["S"] == erin] == [f"NAME#zoe#{erin}"]


async def test_a_redriven_message_is_posted_once(running: Bench) -> None:
    alice = unique("alice")
    room = await running.room(alice)
    asked = send(alice, "late", room=room)
    await running.publish(asked, asked, headers=REDRIVEN_HEADER)
    await eventually(lambda: running.has_facts(room, 3), within_s=30)
    assert [type(fact) for fact in await running.facts(room)] == [RoomCreated, MessagePosted, NothingChanged]
    key = await running.table.get(table.client_message(room, alice, asked.event_id))
    assert key


async def test_checkpoints_tell_what_is_in_the_table(running: Bench) -> None:
    alice = unique("alice")
    room = await running.room(alice)
    (place,) = await running.publish(send(alice, room=room))

    async def reached() -> bool:
        stored = await running.table.get(table.checkpoint(place.topic, place.partition))
        return stored is not None and row(CheckpointRow, stored).position == place.offset + 1

    await eventually(reached, within_s=30)
    assert await running.has_messages(room, 1)


async def test_a_fence_of_another_writer_keeps_this_one_from_deciding_twice(running: Bench) -> None:
    """A zombie's transaction, between our read and our write: the room moves on from where it stands."""
    alice = unique("alice")
    room = await running.room(alice)
    await eventually(lambda: running.has_facts(room, 1))
    fence = await running.fence(room)
    assert fence
    # The other writer refused what comes next: its fact stands in FENCE and not yet in the log.
    (place,) = await running.publish(b"not json", key=room)
    await eventually(lambda: running.dead_letters(place))
    answer = CommandRejected(
        event_id="theirs",
        occurred_at="2025-07-30T18:29:59.000Z",
        chat_room_id=room,
        submission=SubmissionRef(partition=place.partition, offset=place.offset + 1, event_id="theirs"),
        command="markRead",
        requested_by=alice,
        code="INTERNAL",
        message="theirs",
    )
    theirs = FenceRow(position=place.offset + 1, seq=0, timestamp=0, facts=(encode(answer),))
    running.table._client.put_item(TableName=running.settings.table, Item=item(table.fence(room), theirs))
    await running.publish(send(alice, "decided by the other", room=room), send(alice, "ours", room=room))
    await eventually(lambda: running.has_facts(room, 3), within_s=30)
    facts = await running.facts(room)
    assert facts[1].event_id == "theirs"
    assert [message.content for message in await running.messages(room)] == ["ours"]
