from __future__ import annotations

import pytest

from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Notice, NotSent, Posted, Problem, Shown
from cli.terminal.outbox import State
from contracts.client_frames import MarkReadFrame, SendMessageFrame, TypingFrame
from contracts.server_frames import (
    AckFrame,
    ErrorFrame,
    RoomFrame,
    VerificationRequiredFrame,
)
from tests.unit.cli.terminal.chat_room import Server


def in_the_room() -> tuple[Conversation, Server]:
    client, server = Conversation("alice", "lobby"), Server()
    client.connected(0.0)
    fetch = client.timeline.next_fetch()
    assert fetch is not None
    client.page(fetch, [], 0.0, has_more=False)
    return client, server


def key_of(client: Conversation) -> str:
    return client.outbox.drafts[0].client_message_id


def test_a_message_is_sending_then_accepted_then_shown_once() -> None:
    client, server = in_the_room()
    draft = client.say("hello", 1.0)
    (frame,) = client.outgoing(1.0)
    assert isinstance(frame, SendMessageFrame)
    assert draft.state.value == "sending"
    message, _ = server.post("alice", "hello", key_of(client))
    ack = AckFrame(message_id=message.message_id, client_message_id=key_of(client), chat_room_id="lobby")
    assert client.frame(ack, 1.1) == []
    assert draft.state.value == "accepted"
    assert client.frame(message, 1.2) == [Shown(message, None, draft)]
    assert client.frame(message, 1.3) == []
    assert client.outbox.drafts == ()


def test_verification_required_ends_the_draft_in_plain_words() -> None:
    client, _ = in_the_room()
    draft = client.say("hello", 1.0)
    client.outgoing(1.0)
    frame = VerificationRequiredFrame(message="本人確認が必要です", client_message_id=key_of(client))
    (happening,) = client.frame(frame, 1.1)
    assert isinstance(happening, NotSent)
    assert happening.draft is draft
    assert "not verified" in happening.why
    assert client.outbox.drafts == ()


def test_unavailable_is_tried_again_with_the_same_key() -> None:
    client, _ = in_the_room()
    draft = client.say("hello", 1.0)
    (first,) = client.outgoing(1.0)
    error = ErrorFrame(code="UNAVAILABLE", message="later", retryable=True, client_message_id=key_of(client))
    assert client.frame(error, 2.0) == []
    assert draft.state is State.AGAIN
    assert not [frame for frame in client.outgoing(2.5) if isinstance(frame, SendMessageFrame)]
    (second,) = client.outgoing(3.0)
    assert second == first


def test_throttling_waits_as_long_as_the_server_says() -> None:
    client, _ = in_the_room()
    client.say("hello", 1.0)
    client.outgoing(1.0)
    frame = ErrorFrame(
        code="THROTTLED", message="", retryable=True, client_message_id=key_of(client), retry_after_ms=7000
    )
    client.frame(frame, 2.0)
    assert client.next_due_at() == 9.0


def test_a_refusal_of_no_message_is_a_problem_only_if_it_is_final() -> None:
    client, _ = in_the_room()
    assert client.frame(ErrorFrame(code="THROTTLED", message="", retryable=True), 1.0) == []
    (problem,) = client.frame(ErrorFrame(code="INVALID_MESSAGE", message="seq", retryable=False), 1.0)
    assert isinstance(problem, Problem)


def test_what_is_shown_is_marked_as_read_at_most_once_a_second() -> None:
    client, server = in_the_room()
    client.frame(server.post("bob", "one")[0], 1.0)
    assert client.outgoing(1.0) == [MarkReadFrame(chat_room_id="lobby", seq=1)]
    client.frame(server.post("bob", "two")[0], 1.1)
    client.frame(server.post("bob", "three")[0], 1.2)
    assert client.outgoing(1.2) == []
    assert client.next_due_at() == 2.0
    assert client.outgoing(2.0) == [MarkReadFrame(chat_room_id="lobby", seq=3)]


def test_a_program_that_only_sends_marks_nothing_as_read() -> None:
    client = Conversation("alice", "lobby", reads=False)
    client.connected(0.0)
    fetch = client.timeline.next_fetch()
    assert fetch is not None
    client.page(fetch, [Server().post("bob", "one")[0]], 0.0, has_more=False)
    assert client.outgoing(1.0) == []


def test_typing_is_told_at_most_every_three_seconds() -> None:
    client, _ = in_the_room()
    sent = []
    for tenth in range(10, 80):
        client.typed(tenth / 10)
        sent += [tenth for frame in client.outgoing(tenth / 10) if isinstance(frame, TypingFrame)]
    assert sent == [10, 40, 70]


def test_a_message_elsewhere_is_counted_and_not_shown() -> None:
    client, server = in_the_room()
    client.enter("kitchen")
    assert client.frame(server.post("bob", "hello")[0], 1.0) == []
    assert client.elsewhere == {"lobby": 1}
    client.enter("lobby")
    assert client.elsewhere == {}


def test_a_draft_of_a_room_that_was_left_is_settled_by_its_ack() -> None:
    client, _ = in_the_room()
    draft = client.say("hello", 1.0)
    client.outgoing(1.0)
    client.enter("kitchen")
    ack = AckFrame(message_id="m", client_message_id=key_of(client), chat_room_id="lobby")
    assert client.frame(ack, 1.1) == [Posted(draft)]
    assert client.outbox.drafts == ()


@pytest.mark.parametrize(
    ("change", "room", "user", "words"),
    [
        ("added", "lobby", "carol", "carol joined"),
        ("removed", "lobby", "carol", "carol left"),
        ("removed", "lobby", "alice", "no longer in the room"),
        ("created", "kitchen", "alice", "/join kitchen"),
    ],
)
def test_who_comes_and_goes_is_said(change: str, room: str, user: str, words: str) -> None:
    client, _ = in_the_room()
    frame = RoomFrame(change=change, chat_room_id=room, name=room, user_ids=(user,), participant_count=2)  # type: ignore[arg-type]  # one of the literals
    (notice,) = client.frame(frame, 1.0)
    assert isinstance(notice, Notice)
    assert words in notice.text


def test_nothing_is_sent_while_there_is_no_connection() -> None:
    client, _ = in_the_room()
    client.disconnected()
    client.say("hello", 1.0)
    client.typed(1.0)
    assert client.outgoing(1.0) == []
    assert client.next_due_at() is None
