"""A room's transaction is one span, whatever it writes, and each fact goes on from the submission that it answers."""

import pytest

from chassis.records import Headers
from chassis.table_errors import TableUnavailable
from services.persistence.case import Rules
from services.persistence.rooms import RoomHandler
from tests.doubles.rooms import create, send
from tests.doubles.traces import Kept, carried, is_under, links, said
from tests.unit.services.persistence.rooms_desk import Desk, run

SECRET = "words that nobody else may read"
TRANSACT = "transact room"


def of(traceparent: bytes) -> Headers:
    return (("traceparent", traceparent),)


def traced(desk: Desk, kept: Kept) -> RoomHandler:
    made = desk.worker(Rules())
    made._traces = kept.traces
    return made


async def test_one_transaction_for_several_submissions_is_under_the_first_and_linked_with_the_others() -> None:
    desk, kept = Desk("alice"), Kept()
    roots = [kept.root() for _ in range(3)]
    asked = [create("alice"), send("alice", SECRET), send("alice"), send("alice"), send("alice")]
    steps = [None, roots[0].traceparent, roots[1].traceparent, None, roots[2].traceparent]
    batch = [
        desk.records(one, headers=() if step is None else of(step))[0] for one, step in zip(asked, steps, strict=True)
    ]
    published = await run(traced(desk, kept), batch)
    span = kept.one(TRANSACT)
    assert is_under(span, roots[0].traceparent)
    assert links(span) == [root.traceparent for root in roots[1:]]
    assert said(span) == {
        "db.system.name": "aws.dynamodb",
        "db.operation.name": "TransactWriteItems",
        "kaiwa.room.id": "room",
        "kaiwa.submissions": 5,
    }
    assert SECRET not in span.to_json()
    assert [carried(fact.headers) if fact.headers else None for fact in published] == steps


async def test_a_transaction_of_traces_that_nobody_records_is_no_span() -> None:
    desk, kept = Desk("alice"), Kept()
    unrecorded = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    await run(traced(desk, kept), desk.records(create("alice"), send("alice"), headers=of(unrecorded)))
    assert kept.spans == []


async def test_a_transaction_that_fails_says_by_which_code(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, kept = Desk("alice"), Kept()

    async def away(*_: object) -> None:
        raise TableUnavailable(SECRET)

    monkeypatch.setattr(desk.table, "transact", away)
    with pytest.raises(TableUnavailable):
        await run(traced(desk, kept), desk.records(create("alice"), headers=of(kept.root().traceparent)))
    span = kept.one(TRANSACT)
    assert said(span)["error.type"] == TableUnavailable.code
    assert SECRET not in span.to_json()
