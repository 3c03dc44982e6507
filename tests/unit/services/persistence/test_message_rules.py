"""Rules of spec 3: who may post, what a message becomes, and how read marks move."""

from typing import Any

import pytest
from msgspec import UNSET

from chassis.projection.view import Contradiction, held
from contracts import table
from contracts.facts import CommandRejected, MessagePosted, MessageRejected, MessagesRead, NothingChanged
from contracts.ids import derived_event_id, message_id
from contracts.rows import ClientMessageRow, FenceRow, LastMessageRow, MembershipRow, MessageRow
from contracts.timestamps import epoch_ms
from services.persistence.case import Rules
from tests.doubles.rooms import AT, NOON, SOCKET, Scene, add, create, read, remove, send


@pytest.fixture
def scene() -> Scene:
    """alice made the room and bob is in it; carol is approved and outside."""
    made = Scene("alice", "bob", "carol")
    made.decide(create("alice", "bob"))
    return made


def posted(fact: object) -> MessagePosted:
    assert isinstance(fact, MessagePosted), fact
    return fact


def refused(fact: object) -> MessageRejected:
    assert isinstance(fact, MessageRejected), fact
    return fact


def test_a_participant_with_an_approved_profile_posts(scene: Scene) -> None:
    asked = send("bob", "good morning", key="k1")
    fact = posted(scene.fact(asked))
    assert (fact.sender_id, fact.content, fact.message_type, fact.seq) == ("bob", "good morning", "user", 1)
    assert fact.client_message_id == "k1"
    assert fact.occurred_at == AT
    assert fact.event_id == derived_event_id(asked.event_id, 0)
    assert (fact.submission.partition, fact.submission.offset) == (0, scene.offset)
    assert fact.submission.event_id == asked.event_id


def test_a_message_becomes_the_rows_of_the_specification(scene: Scene) -> None:
    long = "あ" * 150
    decision = scene.decide(send("bob", long, key="k1"))
    fact = posted(decision.fact)
    message = held(scene.rows, table.message("room", fact.timestamp, fact.message_id), MessageRow)
    last = held(scene.rows, table.last_message("room"), LastMessageRow)
    key = held(scene.rows, table.client_message("room", "bob", "k1"), ClientMessageRow)
    fence = held(scene.rows, table.fence("room"), FenceRow)
    assert message
    assert (message.content, message.created_at, message.position) == (long, fact.created_at, scene.offset)
    assert last
    assert (last.last_message, last.last_message_at, last.seq) == ("あ" * 100, fact.created_at, 1)
    assert key
    assert (key.message_id, key.timestamp, key.seq) == (fact.message_id, fact.timestamp, 1)
    assert fence
    assert (fence.position, fence.seq, fence.timestamp) == (scene.offset, 1, fact.timestamp)
    assert len(decision.writes) == 4


@pytest.mark.parametrize("status", ["pending", "rejected", None])
def test_a_sender_who_is_not_approved_is_told_so(scene: Scene, status: Any) -> None:
    if status is None:
        del scene.rows[table.profile("bob")]
    else:
        scene.judge("bob", status)
    fact = refused(scene.fact(send("bob", key="k1")))
    assert (fact.code, fact.message) == ("VERIFICATION_REQUIRED", "本人確認が必要です")
    assert (fact.client_message_id, fact.connection, fact.chat_room_id) == ("k1", SOCKET, "room")
    assert (fact.profile_position is UNSET) == (status is None)


def test_the_text_of_the_refusal_is_a_setting() -> None:
    scene = Scene(rules=Rules(verification_message="Please verify"))
    assert refused(scene.fact(send("bob"))).message == "Please verify"


def test_the_profile_is_looked_at_before_the_room() -> None:
    scene = Scene()
    assert refused(scene.fact(send("nobody", room="nowhere"))).code == "VERIFICATION_REQUIRED"


def test_who_is_outside_the_room_is_refused(scene: Scene) -> None:
    fact = refused(scene.fact(send("carol")))
    assert fact.code == "NOT_A_PARTICIPANT"
    assert fact.profile_position == 3


def test_a_room_that_does_not_exist_refuses_and_keeps_no_row(scene: Scene) -> None:
    decision = scene.decide(send("alice", room="nowhere"))
    assert refused(decision.fact).code == "NOT_A_PARTICIPANT"
    assert decision.writes == {}


def test_a_refusal_in_a_room_moves_only_the_fence(scene: Scene) -> None:
    decision = scene.decide(send("carol"))
    assert list(decision.writes) == [table.fence("room")]
    fence = held(scene.rows, table.fence("room"), FenceRow)
    assert fence
    assert (fence.position, fence.seq, fence.timestamp) == (scene.offset, 0, 0)


def test_a_removed_participant_posts_no_more(scene: Scene) -> None:
    scene.decide(remove("alice", "bob"))
    assert refused(scene.fact(send("bob"))).code == "NOT_A_PARTICIPANT"


def test_the_fact_names_the_profile_that_the_decision_stood_on(scene: Scene) -> None:
    assert posted(scene.fact(send("bob"))).profile_position == 2


def test_seq_counts_accepted_messages_without_a_gap(scene: Scene) -> None:
    facts = [scene.fact(send(who)) for who in ("alice", "carol", "bob", "alice")]
    assert [fact.seq for fact in facts if isinstance(fact, MessagePosted)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("arrivals", "timestamps"),
    [
        ([NOON, NOON, NOON], [NOON, NOON + 1, NOON + 2]),
        ([NOON, NOON - 5_000, NOON + 7], [NOON, NOON + 1, NOON + 7]),
    ],
)
def test_timestamp_is_the_arrival_or_one_more_than_the_last(
    scene: Scene, arrivals: list[int], timestamps: list[int]
) -> None:
    facts = [posted(scene.fact(send("bob"), arrived_ms=arrived)) for arrived in arrivals]
    assert [fact.timestamp for fact in facts] == timestamps
    assert [epoch_ms(fact.created_at) for fact in facts] == timestamps


def test_the_order_of_the_sort_keys_is_the_order_of_the_log(scene: Scene) -> None:
    facts = [posted(scene.fact(send("bob"), arrived_ms=NOON - back)) for back in range(20)]
    keys = [table.message("room", fact.timestamp, fact.message_id).sk for fact in facts]
    assert keys == sorted(keys)


def test_the_message_id_is_computed_from_sender_room_and_key(scene: Scene) -> None:
    fact = posted(scene.fact(send("bob", key="k1")))
    assert fact.message_id == message_id("bob", "room", client_message_id="k1", event_id="whatever")


def test_without_a_key_the_message_id_is_computed_from_the_event(scene: Scene) -> None:
    asked = send("bob")
    fact = posted(scene.fact(asked))
    assert fact.message_id == message_id("bob", "room", client_message_id=None, event_id=asked.event_id)
    assert fact.client_message_id is UNSET


def test_the_same_key_again_posts_nothing_and_names_the_first_message(scene: Scene) -> None:
    first = posted(scene.fact(send("bob", "one", key="k1")))
    again = scene.fact(send("bob", "another text", key="k1"))
    assert isinstance(again, NothingChanged)
    assert (again.command, again.message_id) == ("sendMessage", first.message_id)


def test_the_same_key_of_another_sender_or_in_another_room_is_another_message(scene: Scene) -> None:
    scene.decide(create("bob", room="second"))
    facts = [scene.fact(send("bob", key="k")), scene.fact(send("alice", key="k"))]
    facts.append(scene.fact(send("bob", key="k", room="second")))
    assert len({posted(fact).message_id for fact in facts}) == 3


def test_a_key_whose_message_was_refused_is_not_remembered(scene: Scene) -> None:
    assert refused(scene.fact(send("carol", key="k1"))).code == "NOT_A_PARTICIPANT"
    scene.decide(add("alice", "carol"))
    assert posted(scene.fact(send("carol", key="k1"))).seq == 1


def test_who_repeats_a_message_after_losing_the_right_is_told_that_it_was_posted(scene: Scene) -> None:
    first = posted(scene.fact(send("bob", key="k1")))
    scene.judge("bob", "rejected")
    scene.decide(remove("alice", "bob"))
    again = scene.fact(send("bob", key="k1"))
    assert isinstance(again, NothingChanged)
    assert again.message_id == first.message_id


def test_a_redriven_message_is_posted_once_however_often_it_is_redriven(scene: Scene) -> None:
    asked = send("bob")
    first = posted(scene.fact(asked, redriven=True))
    second = scene.fact(asked, redriven=True)
    assert first.submission.redriven is True
    assert isinstance(second, NothingChanged)
    assert second.message_id == first.message_id
    assert len({first.event_id, second.event_id, derived_event_id(asked.event_id, 0)}) == 3


def test_a_redriven_message_with_a_key_is_remembered_by_its_key(scene: Scene) -> None:
    asked = send("bob", key="k1")
    decision = scene.decide(asked, redriven=True)
    assert table.client_message("room", "bob", "k1") in decision.writes
    assert isinstance(scene.fact(send("bob", key="k1")), NothingChanged)


def test_a_message_that_was_not_redriven_leaves_no_row_on_its_event(scene: Scene) -> None:
    decision = scene.decide(send("bob"))
    assert not [key for key in decision.writes if key.sk.startswith("CLIENTMESSAGE#")]


def test_a_read_mark_moves_forward_to_at_most_the_last_message(scene: Scene) -> None:
    for _ in range(3):
        scene.decide(send("alice"))
    fact = scene.fact(read("bob", 2))
    assert isinstance(fact, MessagesRead)
    assert (fact.user_id, fact.seq) == ("bob", 2)
    further = scene.fact(read("bob", 99))
    assert isinstance(further, MessagesRead)
    assert further.seq == 3
    row = held(scene.rows, table.membership("bob", "room"), MembershipRow)
    assert row
    assert (row.last_read_seq, row.position) == (3, scene.offset)


@pytest.mark.parametrize("seq", [2, 1, 0, -4])
def test_a_read_mark_never_moves_back(scene: Scene, seq: int) -> None:
    for _ in range(3):
        scene.decide(send("alice"))
    scene.decide(read("bob", 2))
    decision = scene.decide(read("bob", seq))
    assert isinstance(decision.fact, NothingChanged)
    assert list(decision.writes) == [table.fence("room")]


def test_who_is_not_in_the_room_marks_nothing_read(scene: Scene) -> None:
    for room in ("room", "nowhere"):
        fact = scene.fact(read("carol", 1, room=room))
        assert isinstance(fact, CommandRejected)
        assert (fact.code, fact.command, fact.connection) == ("NOT_A_PARTICIPANT", "markRead", SOCKET)


def test_a_participant_without_a_membership_row_is_a_contradiction(scene: Scene) -> None:
    del scene.rows[table.membership("bob", "room")]
    with pytest.raises(Contradiction):
        scene.decide(read("bob", 1))
