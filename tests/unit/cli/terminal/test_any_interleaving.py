"""However echoes, ACKs, pages, repetitions and reconnects come: the screen becomes the server's list."""

from __future__ import annotations

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Happening, Posted, Shown
from cli.terminal.timeline import Fetch
from contracts.client_frames import ClientFrame, SendMessageFrame
from contracts.server_frames import (
    AckFrame,
    ErrorFrame,
    MessageFrame,
    ServerFrame,
)
from tests.unit.cli.terminal.chat_room import Server


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
