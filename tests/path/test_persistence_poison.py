"""Records that are bad in themselves: the next one is processed, and one dead letter tells where and why (spec 11)."""

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from chassis.records import Outgoing
from contracts import table
from contracts.envelope import encode
from contracts.facts import CommandRejected, MessagePosted, MessageRejected, RoomCreated
from contracts.topics import SUBMISSIONS, USERS
from tests.doubles.rooms import SOCKET, add, profile, send
from tests.path.persistence_bench import Bench, persistence_on, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    """One process for all tests: whatever one of them puts into the log, it goes on."""
    async with persistence_on(engines) as made:
        made.start()
        yield made


POISON = {
    "not JSON": (b"not json", b"UNDECODABLE"),
    "not UTF-8": (b"\xff\xfe\x00", b"UNDECODABLE"),
    "a list": (b"[1]", b"UNDECODABLE"),
    "no value": (None, b"UNDECODABLE"),
    "empty": (b"", b"UNDECODABLE"),
    "an unknown type": (b'{"type":"nobodyKnows","version":1}', b"UNKNOWN_TYPE"),
    "a wrong shape": (b'{"type":5,"version":1}', b"UNDECODABLE"),
    "another topic's event": (b'{"type":"connected","version":1,"eventId":"e"}', b"UNKNOWN_TYPE"),
    "a megabyte": (b"x" * 1_000_000, b"UNDECODABLE"),
    "deeply nested": (b"[" * 100_000, b"UNDECODABLE"),
}


@pytest.mark.parametrize("kind", POISON)
async def test_poison_in_a_room_is_put_aside_and_the_next_message_is_posted(bench: Bench, kind: str) -> None:
    alice = unique("alice")
    room = await bench.room(alice)
    value, code = POISON[kind]
    place, *_ = await bench.publish(value, send(alice, "next", room=room), key=room)
    await eventually(lambda: bench.has_facts(room, 2), within_s=30)
    assert [type(fact) for fact in await bench.facts(room)] == [RoomCreated, MessagePosted]
    (letter,) = await bench.dead_letters(place)
    headers = dict(letter.headers)
    assert headers["kaiwa-topic"] == SUBMISSIONS.name.encode()
    assert headers["kaiwa-error-code"] == code
    assert headers["kaiwa-error"]
    assert (letter.key, letter.value) == (room.encode(), value)


@pytest.mark.parametrize("kind", POISON)
async def test_poison_among_profiles_is_put_aside_and_the_next_one_counts(bench: Bench, kind: str) -> None:
    erin = unique("erin")
    value, code = POISON[kind]
    (place,) = await bench.publisher.publish([Outgoing(USERS.name, erin, value)])
    await bench.publish(profile(erin, "approved", "Erin"))
    await eventually(lambda: bench.table.get(table.profile(erin)), within_s=30)
    (letter,) = await bench.dead_letters(place)
    headers = dict(letter.headers)
    assert (headers["kaiwa-topic"], headers["kaiwa-error-code"]) == (USERS.name.encode(), code)


async def test_a_key_that_is_not_the_room_is_put_aside_and_touches_no_room(bench: Bench) -> None:
    alice = unique("alice")
    room = await bench.room(alice)
    wrong = unique("other")
    (place,) = await bench.publish(send(alice, "astray", room=room), key=wrong)
    (empty,) = await bench.publish(send(alice, "astray", room=room), key="")
    await bench.publish(send(alice, "next", room=room))
    for astray in (place, empty):
        (letter,) = await eventually(partial(bench.dead_letters, astray), within_s=30)
        assert dict(letter.headers)["kaiwa-error-code"] == b"WRONG_KEY"
    await eventually(lambda: bench.has_messages(room, 1), within_s=30)
    assert [message.content for message in await bench.messages(room)] == ["next"]


async def test_a_spoilt_submission_that_names_its_author_is_answered(bench: Bench) -> None:
    alice = unique("alice")
    room = await bench.room(alice)
    message = encode(send(alice, "spoilt", room=room, key="k1")).replace(b'"spoilt"', b"5")
    command = add(alice, "bob", room=room)
    spoilt = encode(command).replace(b'["bob"]', b'"bob"')
    places = await bench.publish(message, spoilt, send(alice, "next", room=room), key=room)
    await eventually(lambda: bench.has_facts(room, 4), within_s=30)
    facts = await bench.facts(room)
    assert [type(fact) for fact in facts] == [RoomCreated, MessageRejected, CommandRejected, MessagePosted]
    refused = facts[1]
    assert isinstance(refused, MessageRejected)
    assert (refused.code, refused.client_message_id, refused.connection) == ("INTERNAL", "k1", SOCKET)
    assert [fact.submission.offset for fact in facts[1:]] == [place.offset for place in places]
    assert await bench.table.get(table.outcome(command.event_id))


async def test_a_message_that_no_row_can_hold_is_put_aside_alone_and_answered(bench: Bench) -> None:
    alice = unique("alice")
    room = await bench.room(alice)
    contents = [*[f"{number}" for number in range(30)], "x" * 420_000, "last"]
    places = await bench.publish(*[send(alice, content, room=room) for content in contents])
    await eventually(lambda: bench.has_facts(room, 33), within_s=30)
    assert [message.content for message in await bench.messages(room)] == [*contents[:30], "last"]
    (letter,) = await bench.dead_letters(places[30])
    assert dict(letter.headers)["kaiwa-error-code"] == b"DECISION_TOO_LARGE"
    assert isinstance((await bench.facts(room))[31], MessageRejected)
