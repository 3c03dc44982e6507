from __future__ import annotations

import msgspec

from cli.terminal.outbox import ANSWER_WITHIN_S, PAUSES_S, Outbox, State
from contracts.ids import message_id
from tests.unit.cli.terminal.messages import message


def an_open_one() -> Outbox:
    outbox = Outbox("alice")
    outbox.opened(0.0)
    return outbox


def test_each_draft_has_a_key_of_its_own_and_the_id_that_the_server_will_give() -> None:
    outbox = an_open_one()
    first, second = outbox.submit("lobby", "a", 0.0), outbox.submit("lobby", "a", 0.0)
    assert first.client_message_id != second.client_message_id
    key = first.client_message_id
    assert first.message_id == message_id("alice", "lobby", client_message_id=key, event_id="any")


def test_drafts_go_out_in_the_order_in_which_they_were_typed() -> None:
    outbox = an_open_one()
    typed = [outbox.submit("lobby", str(number), 0.0) for number in range(5)]
    assert outbox.due(0.0) == typed
    assert outbox.due(0.0) == []


def test_a_frame_without_any_answer_is_sent_again() -> None:
    outbox = an_open_one()
    draft = outbox.submit("lobby", "a", 0.0)
    outbox.due(0.0)
    assert outbox.next_due_at() == ANSWER_WITHIN_S
    assert outbox.due(ANSWER_WITHIN_S) == [draft]


def test_pauses_grow_to_half_a_minute() -> None:
    outbox, pauses, now = an_open_one(), [], 0.0
    draft = outbox.submit("lobby", "a", now)
    for _ in range(len(PAUSES_S) + 1):
        outbox.due(now)
        outbox.refused(draft.client_message_id, now, again=True)
        due_at = outbox.next_due_at()
        assert due_at is not None
        pauses.append(due_at - now)
        now = due_at
    assert pauses == [*PAUSES_S, PAUSES_S[-1]]


def test_without_a_connection_nothing_is_due_and_afterwards_everything_is() -> None:
    outbox = an_open_one()
    accepted, sending = outbox.submit("lobby", "a", 0.0), outbox.submit("lobby", "b", 0.0)
    outbox.due(0.0)
    outbox.acknowledged(accepted.client_message_id)
    outbox.closed()
    later = outbox.submit("lobby", "c", 1.0)
    assert outbox.due(100.0) == []
    assert outbox.next_due_at() is None
    outbox.opened(101.0)
    assert outbox.due(101.0) == [accepted, sending, later]


def test_a_late_ack_after_unavailable_counts() -> None:
    outbox = an_open_one()
    draft = outbox.submit("lobby", "a", 0.0)
    outbox.due(0.0)
    outbox.refused(draft.client_message_id, 0.0, again=True)
    assert outbox.acknowledged(draft.client_message_id) is draft
    assert draft.state is State.ACCEPTED
    assert outbox.due(1000.0) == []


def test_a_message_is_known_by_its_id_where_the_history_gives_no_key() -> None:
    outbox = an_open_one()
    draft = outbox.submit("lobby", "a", 0.0)
    posted = message(1, sender="alice", content="a")
    assert outbox.posted(posted) is None
    same = msgspec.structs.replace(posted, message_id=draft.message_id)
    assert outbox.posted(same) is draft
    assert outbox.drafts == ()


def test_somebody_elses_key_settles_nothing() -> None:
    outbox = an_open_one()
    outbox.submit("lobby", "a", 0.0)
    assert outbox.posted(message(1, sender="bob")) is None


def test_a_refusal_for_a_key_that_is_settled_is_ignored() -> None:
    assert an_open_one().refused("settled", 0.0, again=False) is None
    assert an_open_one().acknowledged("settled") is None


def test_what_is_abandoned_is_told() -> None:
    outbox = an_open_one()
    draft = outbox.submit("lobby", "a", 0.0)
    assert outbox.abandon() == (draft,)
    assert outbox.drafts == ()
