"""Persistence dies, is overtaken, finds the table away: nothing is lost, nothing done twice (spec 5 and 11)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from chassis.actions import Action
from chassis.log_id import OtherLog, to_item
from chassis.publisher import Position, Publisher, PublishFailed
from chassis.records import Outgoing
from chassis.table import Table
from chassis.table_errors import TableUnavailable
from contracts import table
from contracts.envelope import encode
from contracts.facts import (
    MessagePosted,
    MessageRejected,
    RoomCreated,
)
from contracts.rows import LogIdRow
from services.persistence import app
from tests.doubles.rooms import send
from tests.path.persistence_bench import Bench, persistence_on, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest.fixture
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    async with persistence_on(engines) as made:
        yield made


async def test_a_log_that_is_read_again_from_its_beginning_changes_no_row_and_tells_only_the_last_facts(
    bench: Bench,
) -> None:
    bench.start()
    alice = unique("alice")
    room = await bench.room(alice)
    for number in range(5):
        await bench.publish(send(alice, f"{number}", room=room))
        await eventually(partial(bench.has_facts, room, number + 2))
    await bench.stop()
    before, told = await bench.table.query(table.room_pk(room)), await bench.facts(room)
    bench.start(persistence_group=unique("persistence"))
    await bench.publish(send(alice, "new", room=room))
    await eventually(lambda: bench.has_facts(room, 7), within_s=30)
    after = await bench.table.query(table.room_pk(room))
    assert [entry for entry in before if entry["SK"]["S"].startswith("MESSAGE#")] == [
        entry for entry in after if entry["SK"]["S"].startswith("MESSAGE#")
    ][:5]
    again = (await bench.facts(room))[len(told) :]
    assert again[:-1] == told[-1:]
    assert isinstance(again[-1], MessagePosted)
    assert again[-1].content == "new"


async def test_a_crash_between_the_transaction_and_the_fact_loses_no_fact(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.start()
    alice = unique("alice")
    room = await bench.room(alice)
    await eventually(lambda: bench.has_facts(room, 1))
    await bench.stop()

    class Silent(Publisher):
        async def publish(self, messages: Sequence[Outgoing]) -> list[Position]:
            raise PublishFailed(f"{len(messages)} records are not acknowledged")

    with monkeypatch.context() as patched:
        patched.setattr(app, "Publisher", Silent)
        bench.start()
        await bench.publish(send(alice, "one", room=room), send("stranger", room=room), send(alice, "two", room=room))
        await eventually(lambda: bench.has_messages(room, 1), within_s=30)
        await bench.kill()
    assert len(await bench.facts(room)) == 1
    fence = await bench.fence(room)
    assert fence
    bench.start()
    await eventually(lambda: bench.has_facts(room, 4), within_s=30)
    facts = await bench.facts(room)
    assert [type(fact) for fact in facts] == [RoomCreated, MessagePosted, MessageRejected, MessagePosted]
    assert tuple(encode(fact) for fact in facts[1 : 1 + len(fence.facts)]) == fence.facts
    assert [message.seq for message in await bench.messages(room)] == [1, 2]


class Shaky(Table):
    """Every third transaction loses its answer, every third is not done at all."""

    count = 0

    async def transact(self, actions: Sequence[Action]) -> None:
        self.count += 1
        if self.count % 3 == 0:
            raise TableUnavailable("the request was lost")
        await super().transact(actions)
        if self.count % 3 == 1:
            raise TableUnavailable("the answer was lost")


async def test_a_table_that_answers_badly_delays_and_nothing_is_put_aside(bench: Bench) -> None:
    bench.start(table=Shaky(bench.settings))
    alice = unique("alice")
    room = await bench.room(alice)
    places = await bench.publish(*[send(alice, f"{number}", room=room) for number in range(20)])
    await eventually(lambda: bench.has_facts(room, 21), within_s=60)
    messages = await bench.messages(room)
    assert [message.content for message in messages] == [f"{number}" for number in range(20)]
    assert [message.seq for message in messages] == list(range(1, 21))
    assert await bench.dead_letters(places[0]) == []


async def test_readiness_tells_that_the_table_is_away(bench: Bench) -> None:
    class Away(Table):
        async def batch_get(self, keys: Any, *, consistent: bool = True) -> Any:
            raise TableUnavailable(f"{len(keys)} keys cannot be read ({consistent=})")

    bench.start()
    room = await bench.room(alice := unique("alice"))
    await bench.stop()
    health = bench.start(table=Away(bench.settings))
    await bench.publish(send(alice, room=room))
    await eventually(lambda: "TABLE_UNAVAILABLE" in str(health.missing()), within_s=30)


async def test_two_workers_and_a_hand_over_post_everything_once_and_in_order(bench: Bench) -> None:
    bench.start()
    people = [unique("alice"), unique("bob")]
    rooms = [await bench.room(*people) for _ in range(6)]

    async def talk(room: str) -> None:
        for number in range(60):
            await bench.publish(send(people[number % 2], f"{number}", room=room, key=f"k{number}"))

    talking = asyncio.gather(*(talk(room) for room in rooms))
    await eventually(lambda: bench.has_facts(rooms[0], 10), within_s=30)
    second = bench.start()
    await eventually(lambda: second.ready, within_s=30)
    first_stop, first = bench.running.pop(0)
    first_stop.ask()
    await asyncio.gather(talking, first)
    for room in rooms:
        await eventually(partial(bench.has_facts, room, 61), within_s=60)
        messages = await bench.messages(room)
        assert [message.content for message in messages] == [f"{number}" for number in range(60)]
        assert [message.seq for message in messages] == list(range(1, 61))


async def test_a_long_room_is_written_in_several_transactions(bench: Bench) -> None:
    bench.start()
    alice = unique("alice")
    room = await bench.room(alice)
    await eventually(lambda: bench.has_facts(room, 1))
    await bench.stop()
    await bench.publish(*[send(alice, "x" * 3_000, room=room, key=f"k{number}") for number in range(250)])
    bench.start()
    await eventually(lambda: bench.has_messages(room, 250), within_s=60)
    assert [message.seq for message in await bench.messages(room)] == list(range(1, 251))
    await eventually(lambda: bench.has_facts(room, 251), within_s=30)


async def test_a_table_of_other_topics_is_never_written(bench: Bench) -> None:
    other = LogIdRow(topics={"chat.submissions": "made before"}, partitions={"chat.submissions": 12})
    client = bench.table._client
    client.put_item(TableName=bench.settings.table, Item=to_item(other))
    bench.start()
    (_, task) = bench.running.pop()
    with pytest.raises(OtherLog):
        await asyncio.wait_for(task, 30)
