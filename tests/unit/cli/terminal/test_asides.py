from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cli.terminal.asides import Asides
from cli.terminal.commands import Command
from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Notice, Problem
from cli.terminal.http_api import HttpApi
from cli.terminal.session import Session
from cli.terminal.socket import open_socket
from cli.terminal.tokens import given
from tests.unit.cli.terminal.fake_server import FakeServer, token_for
from tests.unit.cli.terminal.test_session import Seen


@asynccontextmanager
async def asking(server: FakeServer) -> AsyncIterator[tuple[Asides, Conversation]]:
    tokens, conversation = given(token_for("alice")), Conversation("alice", "lobby")
    async with HttpApi(server.api_url, tokens.current) as api:
        connect = functools.partial(open_socket, server.websocket_url)
        yield Asides(Session(conversation, api, tokens, Seen(), connect)), conversation


async def said(asides: Asides, name: str, *arguments: str) -> list[str]:
    answer = await asides.answer(Command(name, arguments))
    assert all(isinstance(happening, Notice) for happening in answer)
    return [happening.text for happening in answer if isinstance(happening, Notice)]


async def test_who_tells_who_is_online_and_who_is_away(server: FakeServer) -> None:
    async with asking(server) as (asides, _):
        assert await said(asides, "/who") == ["online: Alice", "away: Bob, Dave"]


async def test_rooms_are_listed_with_what_is_unread(server: FakeServer) -> None:
    server.rooms["kitchen"] = ["alice"]
    async with asking(server) as (asides, _):
        assert await said(asides, "/rooms") == ["▸ lobby    3 people, 2 unread", "  kitchen  1 people, 2 unread"]


async def test_one_can_go_to_a_room_that_one_is_in(server: FakeServer) -> None:
    server.rooms["kitchen"] = ["alice", "bob"]
    async with asking(server) as (asides, conversation):
        assert await said(asides, "/join", "kitchen") == ["This is kitchen, with Alice and Bob."]
        assert conversation.chat_room_id == "kitchen"


async def test_a_room_that_is_not_there_leaves_one_where_one_is(server: FakeServer) -> None:
    async with asking(server) as (asides, conversation):
        assert await asides.answer(Command("/join", ("nowhere",))) == [Problem("There is no such room.")]
        assert conversation.chat_room_id == "lobby"


async def test_a_room_is_made_and_entered(server: FakeServer) -> None:
    async with asking(server) as (asides, conversation):
        await said(asides, "/create", "kitchen", "bob")
        assert server.rooms["kitchen"] == ["alice", "bob"]
        assert conversation.chat_room_id == "kitchen"


async def test_people_are_added_and_removed(server: FakeServer) -> None:
    async with asking(server) as (asides, _):
        await said(asides, "/add", "carol")
        assert "carol" in server.rooms["lobby"]
        await said(asides, "/remove", "carol")
        assert "carol" not in server.rooms["lobby"]


async def test_a_server_that_is_away_is_a_problem_and_no_crash(server: FakeServer) -> None:
    server.api_away = True
    async with asking(server) as (asides, _):
        assert await asides.answer(Command("/rooms")) == [Problem("away")]
