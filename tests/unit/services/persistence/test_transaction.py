"""Decisions as one fenced write: what is in it, on which condition, and where it is cut (spec 5)."""

from typing import Any

import pytest

from chassis.actions import Delete, Put, absent, position_below, position_is
from chassis.items import plain, row
from chassis.projection.view import held
from contracts import table
from contracts.envelope import encode
from contracts.rows import FenceRow
from contracts.submissions import Submission
from services.persistence.decide import Decision
from services.persistence.transaction import DecisionTooLarge, Limits, Transaction, transaction_of
from tests.doubles.rooms import Scene, add, create, read, remove, send

FENCE = table.fence("room")


def scene_with_room() -> Scene:
    scene = Scene("alice", "bob")
    scene.decide(create("alice", "bob"))
    return scene


def decided(scene: Scene, *asked: Submission) -> tuple[list[Decision], FenceRow | None]:
    found = held(scene.rows, FENCE, FenceRow)
    return [scene.decide(one) for one in asked], found


def transaction(scene: Scene, *asked: Submission, **limits: Any) -> Transaction:
    decisions, found = decided(scene, *asked)
    return transaction_of(decisions, FENCE, found, Limits(**limits))


def puts(made: Transaction) -> dict[table.Key, Put]:
    return {action.key: action for action in made.actions if isinstance(action, Put)}


def test_a_room_that_exists_is_written_where_it_was_read() -> None:
    scene = scene_with_room()
    position = scene.offset
    made = transaction(scene, send("alice"), send("bob"))
    assert puts(made)[FENCE].condition == position_is(position)
    assert [action.condition for key, action in puts(made).items() if key != FENCE] == [None] * 3


def test_a_new_room_is_written_only_where_there_is_none() -> None:
    made = transaction(Scene("alice"), create("alice"))
    assert puts(made)[FENCE].condition == absent()


def test_the_fence_carries_the_facts_as_they_are_published() -> None:
    scene = scene_with_room()
    decisions, found = decided(scene, send("alice"), send("carol"), read("bob", 1))
    made = transaction_of(decisions, FENCE, found)
    assert made.facts == tuple(encode(decision.fact) for decision in decisions)
    fence = row(FenceRow, puts(made)[FENCE].item)
    assert fence.facts == made.facts
    assert (fence.position, fence.seq) == (scene.offset, 1)


def test_the_last_write_of_a_row_wins_and_each_item_is_written_once() -> None:
    scene = scene_with_room()
    made = transaction(scene, send("alice", "one"), send("alice", "two"), read("bob", 1), read("bob", 2))
    keys = [action.key for action in made.actions]
    assert len(keys) == len(set(keys)) == 5
    assert plain(puts(made)[table.last_message("room")].item["lastMessage"]) == "two"
    assert plain(puts(made)[table.membership("bob", "room")].item["lastReadSeq"]) == 2


def test_who_came_and_went_in_one_batch_leaves_no_membership() -> None:
    scene = scene_with_room()
    made = transaction(scene, add("alice", "carol"), remove("alice", "carol"))
    assert Delete(table.membership("carol", "room")) in made.actions
    assert plain(puts(made)[table.room("room")].item["participantIds"]) == ["alice", "bob"]


def test_a_batch_is_cut_at_a_hundred_actions() -> None:
    scene = scene_with_room()
    keyed = [send("alice", key=f"k{number}") for number in range(60)]
    made = transaction(scene, *keyed)
    assert made.taken == 49
    assert len(made.actions) == 100
    assert len(transaction(scene_with_room(), *[send("alice")] * 120).actions) == 100


def test_refusals_take_no_actions_of_their_own() -> None:
    made = transaction(scene_with_room(), *[send("carol") for _ in range(300)])
    assert (made.taken, len(made.actions)) == (300, 1)


def test_a_batch_is_cut_where_the_facts_would_not_fit_into_the_fence() -> None:
    made = transaction(scene_with_room(), *[send("alice", "x" * 5_000) for _ in range(80)])
    assert 50 < made.taken < 61
    assert sum(len(fact) for fact in made.facts) <= 300 * 1024


def test_a_batch_is_cut_where_all_its_items_would_be_too_much() -> None:
    made = transaction(scene_with_room(), *[send("alice", "x" * 900) for _ in range(10)], transaction_bytes=9_000)
    assert 0 < made.taken < 5


def test_what_is_left_is_decided_as_if_nothing_had_been_cut() -> None:
    asked = [send("alice", f"{number}", key=f"k{number}") for number in range(60)]
    whole = scene_with_room()
    facts = [whole.decide(one).fact for one in asked]
    scene = scene_with_room()
    made = transaction(scene, *asked)
    assert made.facts == tuple(encode(fact) for fact in facts[: made.taken])


@pytest.mark.parametrize("content", ["x" * 310_000, "x" * 420_000])
def test_a_single_message_that_fits_nowhere_is_bad_in_itself(content: str) -> None:
    with pytest.raises(DecisionTooLarge):
        transaction(scene_with_room(), send("alice", content))


def test_more_people_than_actions_in_one_submission_are_bad_in_themselves() -> None:
    with pytest.raises(DecisionTooLarge):
        transaction(scene_with_room(), add("alice", *[f"u{number}" for number in range(99)]))


def test_a_refusal_in_a_room_that_does_not_exist_writes_nothing() -> None:
    made = transaction(Scene("alice"), send("alice"), read("alice", 1))
    assert (made.taken, made.actions) == (2, ())
    assert len(made.facts) == 2


def test_an_outcome_without_a_room_is_given_once() -> None:
    scene = Scene()
    asked = create("dave")
    made = transaction(scene, asked)
    assert puts(made)[table.outcome(asked.event_id)].condition == position_below(scene.offset)


def test_an_outcome_in_a_room_needs_no_condition_of_its_own() -> None:
    asked = add("alice", "carol")
    made = transaction(scene_with_room(), asked)
    assert puts(made)[table.outcome(asked.event_id)].condition is None


def test_refusals_before_a_creation_stand_in_its_fence() -> None:
    made = transaction(Scene("alice"), send("alice"), create("alice"), send("alice"))
    assert row(FenceRow, puts(made)[FENCE].item).facts == made.facts
    assert len(made.facts) == 3
