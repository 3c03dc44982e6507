"""Records that the handler of chat.submissions cannot decide: left for later, put aside, put back (spec 5 and 11)."""

import pytest
from msgspec import UNSET

from contracts.envelope import Undecodable, UnknownVersion, encode
from contracts.facts import CommandRejected, MessagePosted, MessageRejected, NothingChanged
from services.persistence.received import WrongKey
from tests.doubles.rooms import REDRIVEN_HEADER, SOCKET, add, create, send
from tests.unit.services.persistence.rooms_desk import Desk, facts


@pytest.fixture
def desk() -> Desk:
    return Desk("alice", "bob")


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
