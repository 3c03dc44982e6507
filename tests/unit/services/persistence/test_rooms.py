"""The handler of chat.submissions: what it writes, publishes and takes, and what it never decides twice (spec 5)."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from msgspec import UNSET
from prometheus_client import REGISTRY

from chassis.batches import Handled
from chassis.items import item, row
from chassis.records import Outgoing, Record
from chassis.table_errors import TableUnavailable
from contracts import table
from contracts.envelope import Undecodable, UnknownVersion, encode
from contracts.facts import CommandRejected, Fact, MessagePosted, MessageRejected, NothingChanged, RoomCreated
from contracts.rows import FenceRow, OutcomeRow, ProfileRow
from contracts.submissions import Submission
from contracts.topics import ROOMS
from services.persistence.cache import RoomCache
from services.persistence.case import Rules
from services.persistence.received import WrongKey
from services.persistence.rooms import RoomHandler
from services.persistence.store import Fenced, RoomStore
from tests.doubles.rooms import AT, REDRIVEN_HEADER, SOCKET, add, create, read, record, send
from tests.doubles.table import MemoryTable


class Desk:
    """A table with approved users, and workers that share it."""

    def __init__(self, *approved: str) -> None:
        self.table = MemoryTable()
        self.offsets = count()
        for user in approved:
            self.judge(user, "approved")

    def judge(self, user: str, status: Any) -> None:
        made = ProfileRow(position=1, user_id=user, verification_status=status, display_name=user, updated_at=AT)
        self.table.items[table.profile(user)] = item(table.profile(user), made)

    def worker(self, rules: Rules | None = None) -> RoomHandler:
        return RoomHandler(RoomStore(self.table, RoomCache(100_000)), rules or Rules())

    def records(self, *asked: Submission | bytes | None, **fields: Any) -> list[Record]:
        return [record(one, next(self.offsets), **fields) for one in asked]

    @property
    def fence(self) -> FenceRow | None:
        stored = self.table.items.get(table.fence("room"))
        return row(FenceRow, stored) if stored else None

    def outcome(self, asked: Submission) -> str | None:
        stored = self.table.items.get(table.outcome(asked.event_id))
        return row(OutcomeRow, stored).code if stored else None


@pytest.fixture
def desk() -> Desk:
    return Desk("alice", "bob")


def facts(handled: Handled) -> list[Fact]:
    return [fact for message in handled.publish if isinstance(fact := ROOMS.decode(message.value), Fact)]


async def run(worker: RoomHandler, batch: Sequence[Record]) -> list[Outgoing]:
    """As the run loop does: what is not taken comes again."""
    published: list[Outgoing] = []
    rest = list(batch)
    while rest:
        handled = await worker.handle(rest)
        published += handled.publish
        assert handled.taken
        rest = rest[handled.taken :]
    return published


async def test_a_batch_is_one_read_one_transaction_and_one_fact_each(desk: Desk) -> None:
    batch = desk.records(create("alice", "bob"), send("alice"), send("dave"), read("bob", 1))
    handled = await desk.worker().handle(batch)
    assert [type(fact).__name__ for fact in facts(handled)] == [
        "RoomCreated",
        "MessagePosted",
        "MessageRejected",
        "MessagesRead",
    ]
    assert handled.taken == 4
    assert desk.table.calls == ["batch_get", "transact"]
    assert [(message.topic, message.key) for message in handled.publish] == [("chat.rooms", "room")] * 4


async def test_a_room_that_was_just_written_is_not_read_again(desk: Desk) -> None:
    worker = desk.worker()
    await worker.handle(desk.records(create("alice", "bob")))
    handled = await worker.handle(desk.records(send("alice")))
    assert isinstance(facts(handled)[0], MessagePosted)
    stored = desk.fence
    assert stored
    assert (stored.position, stored.seq) == (1, 1)


async def test_the_trace_of_a_submission_goes_on_with_its_fact(desk: Desk) -> None:
    trace = (("traceparent", b"00-aa-bb-01"),)
    batch = desk.records(create("alice"), headers=trace)
    assert (await desk.worker().handle(batch)).publish[0].headers == trace


async def test_the_same_key_twice_in_one_batch_is_posted_once(desk: Desk) -> None:
    batch = desk.records(create("alice"), send("alice", key="k"), send("alice", key="k"))
    made = facts(await desk.worker().handle(batch))
    assert isinstance(made[1], MessagePosted)
    assert isinstance(made[2], NothingChanged)
    assert made[2].message_id == made[1].message_id


async def test_the_same_key_in_a_later_batch_after_a_restart_posts_nothing(desk: Desk) -> None:
    await run(desk.worker(), desk.records(create("alice"), send("alice", key="k")))
    made = facts(await desk.worker().handle(desk.records(send("alice", key="k"))))
    assert isinstance(made[0], NothingChanged)


async def test_a_long_batch_is_taken_in_parts_so_that_facts_are_acknowledged_in_between(desk: Desk) -> None:
    worker = desk.worker()
    batch = desk.records(create("alice"), *[send("alice", key=f"k{number}") for number in range(60)])
    handled = await worker.handle(batch)
    assert handled.taken
    assert 1 < handled.taken < 61
    assert len(handled.publish) == handled.taken
    await run(worker, batch[handled.taken :])
    assert desk.fence
    assert desk.fence.seq == 60


async def test_what_was_decided_is_only_told_again_with_the_same_bytes(desk: Desk) -> None:
    batch = desk.records(create("alice"), send("alice"), send("dave"))
    first = await desk.worker().handle(batch)
    before = dict(desk.table.items)
    again = await desk.worker().handle(batch)
    assert again.publish == first.publish
    assert again.taken == 3
    assert desk.table.items == before


async def test_of_what_was_decided_only_the_last_transaction_is_told_again(desk: Desk) -> None:
    worker = desk.worker()
    batch = desk.records(create("alice"), send("alice", "one"), send("alice", "two"))
    await worker.handle(batch[:2])
    last = await worker.handle(batch[2:])
    again = await desk.worker().handle(batch)
    assert (again.publish, again.taken) == (last.publish, 3)


async def test_what_was_decided_is_told_again_before_anything_new_is_decided(desk: Desk) -> None:
    batch = desk.records(create("alice"), send("alice", "one"), send("alice", "two"))
    await desk.worker().handle(batch[:2])
    worker = desk.worker()
    again = await worker.handle(batch)
    assert again.taken == 2
    assert desk.fence
    assert desk.fence.seq == 1
    rest = await worker.handle(batch[2:])
    assert isinstance(facts(rest)[0], MessagePosted)


async def test_a_transaction_whose_answer_was_lost_is_found_done(desk: Desk) -> None:
    async def lose(call: str) -> None:
        if call == "transact":
            desk.table.after = unhooked
            raise TableUnavailable("the answer was lost")

    unhooked, desk.table.after = desk.table.after, lose
    worker = desk.worker()
    batch = desk.records(create("alice"), send("alice"))
    with pytest.raises(TableUnavailable):
        await worker.handle(batch)
    assert [type(fact) for fact in facts(await worker.handle(batch))] == [RoomCreated, MessagePosted]
    assert desk.fence
    assert desk.fence.seq == 1


async def test_a_transaction_that_did_not_happen_is_decided_again(desk: Desk) -> None:
    async def fail(call: str) -> None:
        if call == "transact":
            desk.table.before = unhooked
            raise TableUnavailable("throttled")

    unhooked, desk.table.before = desk.table.before, fail
    worker = desk.worker()
    batch = desk.records(create("alice"), send("alice"))
    with pytest.raises(TableUnavailable):
        await worker.handle(batch)
    assert desk.fence is None
    assert len(facts(await worker.handle(batch))) == 2


async def test_a_worker_that_has_lost_the_room_writes_nothing_and_tells_the_others_facts(desk: Desk) -> None:
    zombie, owner = desk.worker(), desk.worker()
    batch = desk.records(create("alice"), send("alice", "one"), send("alice", "two"))
    await zombie.handle(batch[:1])
    await owner.handle(batch[:1])
    told = await owner.handle(batch[1:])
    with pytest.raises(Fenced) as fenced:
        await zombie.handle(batch[1:2])
    assert fenced.value.retryable
    again = await zombie.handle(batch[1:2])
    assert again.publish == told.publish[:1]
    assert desk.fence
    assert desk.fence.seq == 2


async def test_a_new_room_is_made_once_by_two_workers(desk: Desk) -> None:
    first, second = desk.worker(), desk.worker()
    batch = desk.records(create("alice"))
    told: list[Outgoing] = []

    async def other_goes_first(call: str) -> None:
        if call == "transact":
            desk.table.before = unhooked
            told.extend((await second.handle(batch)).publish)

    unhooked, desk.table.before = desk.table.before, other_goes_first
    with pytest.raises(Fenced):
        await first.handle(batch)
    assert (await first.handle(batch)).publish == told


async def test_a_creation_that_another_worker_refused_stays_refused(desk: Desk) -> None:
    desk.judge("dave", "pending")
    asked = create("dave")
    batch = desk.records(asked)
    refused = await desk.worker().handle(batch)
    desk.judge("dave", "approved")
    again = await desk.worker().handle(batch)
    assert [type(fact) for fact in facts(again)] == [CommandRejected]
    assert facts(again)[0].event_id == facts(refused)[0].event_id
    assert desk.outcome(asked) == "VERIFICATION_REQUIRED"
    assert desk.fence is None


async def test_two_workers_with_different_profiles_in_hand_give_one_verdict_on_a_creation(desk: Desk) -> None:
    desk.judge("dave", "pending")
    slow, quick = desk.worker(), desk.worker()
    asked = create("dave")
    batch = desk.records(asked)

    async def approved_meanwhile(call: str) -> None:
        if call == "transact":
            desk.table.before = unhooked
            desk.judge("dave", "approved")
            assert [type(fact) for fact in facts(await quick.handle(batch))] == [RoomCreated]

    unhooked, desk.table.before = desk.table.before, approved_meanwhile
    with pytest.raises(Fenced):
        await slow.handle(batch)
    assert [type(fact) for fact in facts(await slow.handle(batch))] == [RoomCreated]
    assert desk.outcome(asked) == "CREATED"


async def test_a_refusal_in_a_room_that_does_not_exist_touches_no_table(desk: Desk) -> None:
    handled = await desk.worker().handle(desk.records(send("alice")))
    assert isinstance(facts(handled)[0], MessageRejected)
    assert "transact" not in desk.table.calls


async def test_a_record_that_cannot_be_read_is_left_for_the_next_step(desk: Desk) -> None:
    worker = desk.worker()
    batch = desk.records(create("alice"), b"not json", send("alice"))
    handled = await worker.handle(batch)
    assert handled.taken == 1
    with pytest.raises(Undecodable):
        await worker.handle(batch[1:])
    with pytest.raises(Undecodable):
        await worker.handle(batch[1:2])
    assert isinstance(facts(await worker.handle(batch[2:]))[0], MessagePosted)


async def test_a_newer_version_waits_and_holds_up_only_what_follows(desk: Desk) -> None:
    newer = encode(send("alice")).replace(b'"version":1', b'"version":2')
    batch = desk.records(create("alice"), newer)
    worker = desk.worker()
    assert (await worker.handle(batch)).taken == 1
    with pytest.raises(UnknownVersion) as error:
        await worker.handle(batch[1:])
    assert error.value.retryable


async def test_a_record_below_the_fence_is_never_read_again_even_if_it_is_bad(desk: Desk) -> None:
    batch = desk.records(create("alice"), b"not json", send("alice"))
    worker = desk.worker()
    await worker.handle(batch[:1])
    await worker.handle(batch[2:])
    again = await desk.worker().handle(batch)
    assert again.taken == 3
    assert len(again.publish) == 1


@pytest.mark.parametrize("key", [None, b"", b"a#b", b"\xff", b"x" * 65])
async def test_a_record_whose_key_is_no_room_is_bad_in_itself(desk: Desk, key: bytes | None) -> None:
    with pytest.raises(WrongKey):
        await desk.worker().handle(desk.records(send("alice"), key=key))
    assert desk.table.calls == []


async def test_who_sent_what_is_put_aside_is_told_at_its_place(desk: Desk) -> None:
    worker = desk.worker()
    spoilt = encode(send("alice", "hello", key="k")).replace(b'"hello"', b"5")
    batch = desk.records(create("alice"), spoilt, send("alice"))
    await worker.handle(batch[:1])
    fact = facts(await worker.answer_dead_letter(batch[1], Undecodable("no")))[0]
    assert isinstance(fact, MessageRejected)
    assert (fact.code, fact.client_message_id, fact.connection) == ("INTERNAL", "k", SOCKET)
    assert desk.fence
    assert (desk.fence.position, len(desk.fence.facts)) == (1, 1)
    again = await worker.answer_dead_letter(batch[1], Undecodable("no"))
    assert again.publish[0].value == encode(fact)
    assert isinstance(facts(await worker.handle(batch[2:]))[0], MessagePosted)


async def test_a_command_that_is_put_aside_has_its_outcome_also_without_a_room(desk: Desk) -> None:
    asked = add("alice", "bob")
    batch = desk.records(asked)
    for _ in range(2):
        made = facts(await desk.worker().answer_dead_letter(batch[0], Undecodable("no")))
        assert isinstance(made[0], CommandRejected)
        assert (made[0].code, made[0].connection) == ("INTERNAL", UNSET)
    assert desk.outcome(asked) == "INTERNAL"


async def test_nobody_is_told_of_what_names_nobody(desk: Desk) -> None:
    handled = await desk.worker().answer_dead_letter(desk.records(b"not json")[0], Undecodable("no"))
    assert handled.publish == ()
    assert desk.table.calls == []


async def test_what_was_put_aside_and_put_back_is_posted_once(desk: Desk) -> None:
    worker = desk.worker()
    asked = send("alice")
    aside = desk.records(create("alice"), asked)
    await worker.handle(aside[:1])
    refused = facts(await worker.answer_dead_letter(aside[1], Undecodable("no")))
    back = desk.records(asked, asked, headers=REDRIVEN_HEADER)
    made = facts(await desk.worker().handle(back))
    assert [type(fact) for fact in made] == [MessagePosted, NothingChanged]
    assert len({fact.event_id for fact in (*refused, *made)}) == 3


async def test_partitions_that_come_or_go_make_the_worker_read_anew(desk: Desk) -> None:
    store = RoomStore(desk.table, RoomCache(100_000))
    worker = RoomHandler(store, Rules())
    batch = desk.records(create("alice"), send("alice", "one"), send("alice", "two"))
    await worker.handle(batch[:1])
    await desk.worker().handle(batch[1:2])
    store.forget_all()
    # The other worker's fact may not be in the log: it is told again before the next decision.
    assert (await worker.handle(batch[1:])).taken == 1
    assert len((await worker.handle(batch[2:])).publish) == 1


async def test_deciding_and_writing_are_timed_apart(desk: Desk) -> None:
    names = ("kaiwa_decide_seconds_count", "kaiwa_room_commit_seconds_count")
    before = [REGISTRY.get_sample_value(name) or 0.0 for name in names]
    await desk.worker().handle(desk.records(create("alice"), send("alice")))
    assert [REGISTRY.get_sample_value(name) for name in names] == [count + 1 for count in before]
