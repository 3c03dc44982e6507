from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Happening, Notice, NotSent, Posted, Problem, Shown
from cli.terminal.outbox import State
from cli.terminal.timeline import Fetch
from contracts.client_frames import ClientFrame, MarkReadFrame, SendMessageFrame, TypingFrame
from contracts.ids import message_id
from contracts.server_frames import (
    AckFrame,
    ErrorFrame,
    MessageFrame,
    RoomFrame,
    ServerFrame,
    VerificationRequiredFrame,
)
from contracts.timestamps import iso

PAGE = 3


@dataclass
class Server:
    """A room as persistence keeps it: one order, and no key posts twice."""

    messages: list[MessageFrame] = field(default_factory=list)
    keys: dict[str, MessageFrame] = field(default_factory=dict)

    def post(self, sender: str, content: str, key: str | None = None) -> tuple[MessageFrame, bool]:
        if key in self.keys:
            return self.keys[str(key)], False
        seq = len(self.messages) + 1
        timestamp = 1_700_000_000_000 + seq * 1000
        extra = {} if key is None else {"client_message_id": key}
        message = MessageFrame(
            message_id=message_id(sender, "lobby", client_message_id=key, event_id=str(seq)),
            chat_room_id="lobby",
            sender_id=sender,
            content=content,
            created_at=iso(timestamp),
            timestamp=timestamp,
            seq=seq,
            **extra,
        )
        self.messages.append(message)
        if key is not None:
            self.keys[key] = message
        return message, True

    def page(self, after: int | None) -> tuple[list[MessageFrame], bool]:
        if after is None:
            return self.messages[-PAGE:], len(self.messages) > PAGE
        later = [message for message in self.messages if message.timestamp > after]
        return later[:PAGE], len(later) > PAGE


class AnyInterleaving(RuleBasedStateMachine):
    """Echo, ACK, fetch, duplicate, loss and reconnect in any order: the screen ends as the server's list."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.client = Conversation("alice", "lobby")
        self.now = 0.0
        self.open = False
        self.to_server: list[ClientFrame] = []
        self.to_client: list[ServerFrame] = []
        self.fetching: list[tuple[Fetch, tuple[list[MessageFrame], bool]]] = []
        self.first_seq: int | None = None
        self.shown: list[MessageFrame] = []
        self.said = 0

    @rule()
    @precondition(lambda self: not self.open)
    def connect(self) -> None:
        self.open = True
        self.to_client.clear()
        self.client.connected(self.now)

    @rule()
    @precondition(lambda self: self.open)
    def lose(self) -> None:
        """Frames under way are lost in both directions; pages asked for may still come."""
        self.open = False
        self.to_server.clear()
        self.to_client.clear()
        self.client.disconnected()

    @rule()
    def say(self) -> None:
        self.said += 1
        self.client.say(f"text {self.said}", self.now)

    @rule(seconds=st.floats(0, 40))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    @precondition(lambda self: self.open)
    def send(self) -> None:
        self.to_server += self.client.outgoing(self.now)

    @rule(outcome=st.sampled_from(["ack first", "echo first", "unavailable", "unknown", "silent"]))
    @precondition(lambda self: self.to_server)
    def serve(self, outcome: str) -> None:
        frame = self.to_server.pop(0)
        if isinstance(frame, SendMessageFrame):
            self.to_client += self._answer(frame, outcome)

    def _answer(self, frame: SendMessageFrame, outcome: str) -> list[ServerFrame]:
        key = str(frame.client_message_id)
        unavailable = ErrorFrame(code="UNAVAILABLE", message="later", retryable=True, client_message_id=key)
        if outcome == "unavailable":
            return [unavailable]
        message, new = self.server.post("alice", frame.content, key)
        echo: list[ServerFrame] = [message] if new else []
        ack = AckFrame(message_id=message.message_id, client_message_id=key, chat_room_id="lobby")
        if outcome == "unknown":
            return [unavailable, *echo]
        if outcome == "silent":
            return echo
        return [ack, *echo] if outcome == "ack first" else [*echo, ack]

    @rule()
    def other_posts(self) -> None:
        message, _ = self.server.post("bob", "hello")
        if self.open:
            self.to_client.append(message)

    @rule(again=st.booleans(), swap=st.booleans(), drop=st.booleans())
    @precondition(lambda self: self.to_client)
    def deliver(self, again: bool, swap: bool, drop: bool) -> None:
        """In order; or twice, or out of order, or, for a message that another one follows, not at all."""
        place = 1 if swap and len(self.to_client) > 1 else 0
        frame = self.to_client.pop(place)
        followed = any(isinstance(later, MessageFrame) for later in self.to_client)
        if drop and isinstance(frame, MessageFrame) and followed:
            return
        for _ in range(2 if again else 1):
            self._show(self.client.frame(frame, self.now))

    @rule()
    def ask(self) -> None:
        fetch = self.client.timeline.next_fetch() if self.open else None
        if fetch is not None:
            self.fetching.append((fetch, self.server.page(fetch.after)))

    @rule(fails=st.booleans())
    @precondition(lambda self: self.fetching)
    def page_comes(self, fails: bool) -> None:
        fetch, (messages, has_more) = self.fetching.pop(0)
        if fails:
            self.client.timeline.failed(fetch)
        else:
            self._show(self.client.page(fetch, messages, self.now, has_more=has_more))

    def _show(self, happenings: list[Happening]) -> None:
        for happening in happenings:
            if isinstance(happening, Posted):
                continue
            assert isinstance(happening, Shown)
            assert happening.before == (self.shown[-1] if self.shown else None)
            self.shown.append(happening.message)

    @invariant()
    def what_is_shown_is_a_stretch_of_the_servers_list(self) -> None:
        if self.shown:
            first = self.shown[0].seq
            assert self.shown == self.server.messages[first - 1 : first - 1 + len(self.shown)]

    @invariant()
    def no_draft_stands_beside_its_own_message(self) -> None:
        shown = {message.message_id for message in self.shown}
        assert not [draft for draft in self.client.outbox.drafts if draft.message_id in shown]

    def teardown(self) -> None:
        """Once everything works again for a while, the screen is the server's list and nothing is left to send."""
        if not self.open:
            self.connect()
        for _ in range(200):
            self.wait(40)
            self.send()
            while self.to_server:
                self.serve("ack first")
            while self.to_client:
                self.deliver(again=False, swap=False, drop=False)
            self.ask()
            while self.fetching:
                self.page_comes(fails=False)
        assert self.client.timeline.whole
        assert self.client.outbox.drafts == ()
        assert self.shown == (self.server.messages[self.shown[0].seq - 1 :] if self.shown else self.server.messages)
        assert {message.content for message in self.shown if message.sender_id == "alice"} <= {
            f"text {number}" for number in range(self.said + 1)
        }
        assert len(self.server.keys) == self.said


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)


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
