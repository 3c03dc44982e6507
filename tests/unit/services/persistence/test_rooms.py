"""The handler of chat.submissions: what it writes, publishes and takes, and what it never decides twice (spec 5)."""

import pytest
from prometheus_client import REGISTRY

from chassis.records import Outgoing
from chassis.table_errors import TableUnavailable
from contracts.facts import CommandRejected, MessagePosted, MessageRejected, NothingChanged, RoomCreated
from services.persistence.cache import RoomCache
from services.persistence.case import Rules
from services.persistence.rooms import RoomHandler
from services.persistence.store import Fenced, RoomStore
from tests.doubles.rooms import create, read, send
from tests.unit.services.persistence.rooms_desk import Desk, facts, run


@pytest.fixture
def desk() -> Desk:
    return Desk("alice", "bob")


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
