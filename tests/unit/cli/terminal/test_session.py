from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Happening, Notice, NotSent, Shown
from cli.terminal.http_api import HttpApi
from cli.terminal.session import Session
from cli.terminal.socket import open_socket
from cli.terminal.tokens import Tokens, given
from contracts.server_frames import ServerFrame
from tests.unit.cli.terminal.fake_server import FakeServer, token_for
from tests.waiting import eventually


@dataclass
class Seen:
    """A View that remembers."""

    happenings: list[Happening] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    known: int = 0

    def show(self, happenings: Sequence[Happening]) -> None:
        self.happenings += happenings

    def changed(self) -> None:
        pass

    def frame(self, text: str, frame: ServerFrame | None) -> None:
        self.texts.append(text)
        self.known += frame is not None

    @property
    def messages(self) -> list[str]:
        return [happening.message.content for happening in self.happenings if isinstance(happening, Shown)]


@dataclass
class Person:
    session: Session
    view: Seen
    ended: asyncio.Task[str]

    def say(self, content: str) -> None:
        self.session.conversation.say(content, time.monotonic())
        self.session.poke()

    async def sees(self, *messages: str) -> None:
        await eventually(lambda: self.view.messages == list(messages))


def at_once() -> float:
    return -1.5  # with this "chance" the first pauses are shorter than nothing


@asynccontextmanager
async def talking(
    server: FakeServer, user: str = "alice", tokens: Tokens | None = None, chance: Callable[[], float] = at_once
) -> AsyncIterator[Person]:
    tokens = tokens or given(token_for(user))
    async with HttpApi(server.api_url, tokens.current) as api:
        view, conversation = Seen(), Conversation(user, "lobby")
        connect = functools.partial(open_socket, server.websocket_url)
        session = Session(conversation, api, tokens, view, connect, chance)
        ended = asyncio.create_task(session.run())
        try:
            yield Person(session, view, ended)
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)


async def test_history_then_live_messages_and_ones_own(server: FakeServer) -> None:
    await server.post("lobby", "bob", "before")
    async with talking(server) as alice:
        await alice.sees("before")
        alice.say("mine")
        await alice.sees("before", "mine")
        await server.post("lobby", "bob", "after")
        await alice.sees("before", "mine", "after")
        assert alice.session.conversation.outbox.drafts == ()


async def test_the_token_travels_in_a_header_and_all_features_are_asked_for(server: FakeServer) -> None:
    async with talking(server):
        await eventually(lambda: server.handshakes)
    assert server.handshakes[0] == {
        "path": "/prod?features=presence,read,typing,rooms",
        "authorization": server.handshakes[0]["authorization"],
    }
    assert server.handshakes[0]["authorization"].startswith("Bearer e30.")


async def test_what_was_missed_between_two_connections_is_fetched_first(server: FakeServer) -> None:
    await server.post("lobby", "bob", "one")
    async with talking(server) as alice:
        await alice.sees("one")
        server.refuse_handshakes = [(503, {})]
        await server.close_all(1012, "Service restart")
        await server.post("lobby", "bob", "two")
        await alice.sees("one", "two")
        await eventually(lambda: server.connections)
        await server.post("lobby", "bob", "three")
        await alice.sees("one", "two", "three")


async def test_a_hole_is_filled_before_what_follows_it(server: FakeServer) -> None:
    async with talking(server) as alice:
        await eventually(lambda: alice.session.conversation.timeline.whole)
        server.mute = True
        await server.post("lobby", "bob", "one")
        await server.post("lobby", "bob", "two")
        server.mute = False
        await server.post("lobby", "bob", "three")
        await alice.sees("one", "two", "three")


async def test_unavailable_is_sent_again_and_stands_there_once(server: FakeServer) -> None:
    async with talking(server) as alice:
        await eventually(lambda: alice.session.conversation.timeline.whole)
        server.unavailable, server.mute = 2, True
        alice.say("hello")
        await eventually(lambda: len(server.sent("sendMessage")) == 3)
        assert len({frame["clientMessageId"] for frame in server.sent("sendMessage")}) == 1
        server.mute = False
        await server.post("lobby", "bob", "later")
        await alice.sees("hello", "later")
        assert len(server.messages["lobby"]) == 2


async def test_what_was_lost_with_the_connection_is_sent_on_the_next_one(server: FakeServer) -> None:
    async with talking(server) as alice:
        await eventually(lambda: alice.session.conversation.timeline.whole)
        server.deaf = 1
        alice.say("hello")
        await eventually(lambda: server.sent("sendMessage"))
        assert server.messages == {}
        await server.close_all(4408, "behind")
        await alice.sees("hello")
        assert len(server.sent("sendMessage")) == 2


async def test_the_history_being_away_delays_but_loses_nothing(server: FakeServer) -> None:
    server.api_away = True
    await server.post("lobby", "bob", "before")
    async with talking(server) as alice:
        await eventually(lambda: server.connections)
        await server.post("lobby", "bob", "live")
        assert alice.view.messages == []
        server.api_away = False
        await alice.sees("before", "live")


@pytest.mark.parametrize("code", [1000, 1003, 1009, 4403, 4409])
async def test_a_final_close_ends_the_stay_with_a_sentence(server: FakeServer, code: int) -> None:
    async with talking(server) as alice:
        await eventually(lambda: server.connections)
        await server.close_all(code, "why")
        assert (await asyncio.wait_for(alice.ended, 5)).endswith((".", "first."))
    assert len(server.handshakes) == 1


@pytest.mark.parametrize("code", [1001, 1012, 4401, 4408])
async def test_other_closes_are_followed_by_another_try(server: FakeServer, code: int) -> None:
    async with talking(server):
        await eventually(lambda: server.connections)
        await server.close_all(code)
        await eventually(lambda: len(server.handshakes) == 2)


async def test_every_try_has_a_fresh_token(server: FakeServer) -> None:
    given_out: list[str] = []

    async def obtain() -> str:
        given_out.append(token_for("alice", lives_s=3600 + len(given_out)))
        return given_out[-1]

    async with talking(server, tokens=Tokens(obtain, renewable=True)):
        await eventually(lambda: server.connections)
        await server.close_all(4401, "Token expired")
        await eventually(lambda: len(server.handshakes) == 2)
    used = [handshake["authorization"].removeprefix("Bearer ") for handshake in server.handshakes]
    assert len(set(used)) == 2


async def test_a_token_is_refreshed_before_it_runs_out(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.terminal.link.TOKEN_RETRY_S", 0.05)

    async def obtain() -> str:
        return token_for("alice", lives_s=30)

    async with talking(server, tokens=Tokens(obtain, renewable=True)):
        await eventually(lambda: server.sent("refreshToken"))
    assert "token" in server.sent("refreshToken")[0]


async def test_a_given_token_that_is_refused_ends_the_stay(server: FakeServer) -> None:
    server.refuse_handshakes = [(401, {})]
    async with talking(server) as alice:
        assert "does not accept the token: because" in await asyncio.wait_for(alice.ended, 5)


async def test_a_refused_handshake_that_may_pass_is_tried_again_when_the_server_says(server: FakeServer) -> None:
    server.refuse_handshakes = [(503, {"Retry-After": "1"})]
    began = time.monotonic()
    async with talking(server):
        await eventually(lambda: server.connections)
    assert time.monotonic() - began >= 1.0


async def test_being_removed_while_away_ends_the_stay(server: FakeServer) -> None:
    async with talking(server) as alice:
        await eventually(lambda: alice.session.conversation.timeline.whole)
        server.rooms["lobby"].remove("alice")
        await server.close_all(1012)
        assert await asyncio.wait_for(alice.ended, 5) == "There is no such room."


async def test_after_five_tries_it_is_said_and_goes_on(server: FakeServer) -> None:
    server.refuse_handshakes = [(503, {})] * 6
    chances = iter([-1.5] * 5 + [1.0])
    async with talking(server, chance=lambda: next(chances)) as alice:
        await eventually(lambda: alice.session.retry_at is not None and len(server.handshakes) == 6)
        assert [happening for happening in alice.view.happenings if isinstance(happening, Notice)]
        alice.session.hurry()
        await eventually(lambda: alice.session.connected)


async def test_who_is_not_verified_is_told_so(server: FakeServer) -> None:
    async with talking(server, "dave") as dave:
        await eventually(lambda: dave.session.conversation.timeline.whole)
        dave.say("hello")
        await eventually(lambda: [found for found in dave.view.happenings if isinstance(found, NotSent)])
        assert dave.session.conversation.outbox.drafts == ()


async def test_who_is_there_is_known_by_name(server: FakeServer) -> None:
    async with talking(server) as alice, talking(server, "bob"):
        people = alice.session.conversation.people
        await eventually(lambda: people.name("bob") == "Bob")
        await eventually(lambda: server.sent("markRead") == [])
        await server.push(
            "lobby",
            {"type": "PRESENCE", "userId": "bob", "status": "online", "lastSeenAt": "", "version": 7},
        )
        await eventually(lambda: people.is_online("bob"))


async def test_a_frame_of_a_kind_that_is_not_known_is_passed_over(server: FakeServer) -> None:
    async with talking(server) as alice:
        await eventually(lambda: server.connections)
        await server.push("lobby", {"type": "FIREWORKS"})
        await server.post("lobby", "bob", "hello")
        await alice.sees("hello")
        assert '{"type": "FIREWORKS"}' in alice.view.texts
        assert alice.view.known == len(alice.view.texts) - 1
