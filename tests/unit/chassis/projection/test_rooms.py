"""Facts as rows where the order of the log is at stake; what each fact writes is told by the rules' own tests."""

import pytest
from msgspec.structs import replace

from chassis.projection.rooms import rows_of
from chassis.projection.view import Contradiction, apply
from contracts import table
from contracts.facts import Fact, MessagePosted
from contracts.rows import FenceRow, Row
from tests.doubles.rooms import Scene, add, create, read, remove, send


def facts() -> list[Fact]:
    scene = Scene("alice", "bob")
    asked = [
        create("alice", "bob"),
        send("alice", key="k"),
        send("dave"),
        send("bob"),
        read("bob", 2),
        add("alice", "carol"),
        remove("alice", "bob"),
        send("alice", key="k"),
        remove("alice", "nobody"),
    ]
    return [scene.fact(one) for one in asked]


def test_a_fact_that_stands_in_the_rows_already_changes_nothing() -> None:
    rows: dict[table.Key, Row] = {}
    history = facts()
    for number, fact in enumerate(history):
        apply(rows, rows_of(fact, rows))
        for seen in history[: number + 1]:
            assert rows_of(seen, rows) == {}


def test_every_fact_of_a_room_moves_its_fence_which_keeps_no_facts() -> None:
    rows: dict[table.Key, Row] = {}
    for fact in facts():
        apply(rows, rows_of(fact, rows))
        fence = rows[table.fence("room")]
        assert isinstance(fence, FenceRow)
        assert (fence.position, fence.facts) == (fact.submission.offset, ())


def test_a_refusal_in_a_room_that_does_not_exist_leaves_no_row() -> None:
    scene = Scene("alice")
    assert rows_of(scene.fact(send("alice")), {}) == {}
    assert rows_of(scene.fact(add("alice", "bob")), {}) == {}


def test_a_fact_of_a_room_that_was_never_made_contradicts_the_log() -> None:
    for fact in facts():
        if type(fact).__name__ in {"RoomCreated", "MessageRejected"}:
            continue
        with pytest.raises(Contradiction):
            rows_of(fact, {})


@pytest.mark.parametrize("wrong", [{"seq": 1}, {"seq": 3}, {"timestamp": 1}])
def test_a_message_that_cannot_follow_the_last_one_contradicts_the_log(wrong: dict[str, int]) -> None:
    scene = Scene("alice")
    scene.decide(create("alice"))
    scene.decide(send("alice"))
    rows = dict(scene.rows)
    fact = scene.fact(send("alice"))
    assert isinstance(fact, MessagePosted)
    with pytest.raises(Contradiction):
        rows_of(replace(fact, **wrong), rows)
    assert table.message("room", fact.timestamp, fact.message_id) in rows_of(fact, rows)
