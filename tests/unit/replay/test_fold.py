"""The fold of the facts is the table, but for what tells about the work and not about the chat."""

from typing import Any

import pytest

from chassis.items import item
from chassis.projection.view import Contradiction
from contracts import table
from contracts.rows import CheckpointRow, FenceRow, OutcomeRow, Row
from replay.fold import Fold, folded_part, is_folded
from tests.doubles.rooms import Scene, add, create, profile, read, remove, send


def history(scene: Scene, fold: Fold) -> None:
    asked = [
        create("alice", "bob"),
        send("alice", key="k"),
        send("dave"),
        read("bob", 5),
        add("alice", "carol"),
        remove("bob", "bob"),
        send("carol"),
        send("alice"),
    ]
    for one in asked:
        fold.fact(scene.fact(one))


def test_the_fold_of_the_facts_is_what_was_decided() -> None:
    scene, fold = Scene("alice", "carol"), Fold()
    history(scene, fold)
    stored = {key: item(key, row) for key, row in scene.rows.items() if key.sk != table.PROFILE}
    assert fold.items() == folded_part(stored.items())
    assert table.outcome("x") not in fold.rows


def test_the_facts_in_the_fence_are_no_part_of_the_fold() -> None:
    scene, fold = Scene("alice"), Fold()
    history(scene, fold)
    fence = scene.rows[table.fence("room")]
    assert isinstance(fence, FenceRow)
    stored = item(table.fence("room"), fence) | {"facts": {"L": [{"B": b"{}"}]}}
    assert folded_part([(table.fence("room"), stored)])[table.fence("room")] == fold.items()[table.fence("room")]


def test_a_fact_that_comes_again_changes_nothing() -> None:
    scene, fold = Scene("alice"), Fold()
    first = scene.fact(create("alice"))
    second = scene.fact(send("alice"))
    assert fold.fact(first)
    assert fold.fact(second)
    before = fold.items()
    assert fold.fact(first) == fold.fact(second) == {}
    assert fold.items() == before


def test_a_hole_in_the_facts_is_told() -> None:
    scene, fold = Scene("alice"), Fold()
    fold.fact(scene.fact(create("alice")))
    scene.fact(send("alice"))
    with pytest.raises(Contradiction):
        fold.fact(scene.fact(send("alice")))


def test_profiles_fold_from_their_own_topic() -> None:
    fold = Fold()
    assert fold.profile(profile("erin", "approved", "Erin"), 4)
    assert fold.profile(profile("erin", "pending", only_if_absent=True), 5) == {}
    assert set(fold.items()) == {table.profile("erin"), table.directory_name("Erin", "erin")}


@pytest.mark.parametrize(
    ("key", "folded"),
    [
        (table.message("r", 1, "m"), True),
        (table.client_message("r", "u", "k"), True),
        (table.fence("r"), True),
        (table.room("r"), True),
        (table.last_message("r"), True),
        (table.profile("u"), True),
        (table.membership("u", "r"), True),
        (table.directory_name("N", "u"), True),
        (table.connection("c"), False),
        (table.user_connection("u", "c"), False),
        (table.outcome("e"), False),
        (table.checkpoint("t", 0), False),
        (table.LOG_ID, False),
    ],
)
def test_each_kind_of_row_is_in_the_fold_or_not(key: table.Key, folded: bool) -> None:
    assert is_folded(key) == folded


def test_rows_about_the_work_are_left_out_of_the_comparison() -> None:
    rows: dict[table.Key, Any] = {
        table.outcome("e"): OutcomeRow(position=1, code="OK", ttl=1),
        table.checkpoint("t", 0): CheckpointRow(position=1),
    }
    kept: dict[table.Key, Row] = rows
    assert folded_part((key, item(key, row)) for key, row in kept.items()) == {}
