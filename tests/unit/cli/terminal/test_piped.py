from __future__ import annotations

import asyncio
import functools
import io
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from cli.terminal import piped as module
from cli.terminal.conversation import Conversation
from cli.terminal.http_api import HttpApi
from cli.terminal.piped import Piped, lines_of
from cli.terminal.room_people import load_people
from cli.terminal.session import Session
from cli.terminal.socket import open_socket
from cli.terminal.tokens import given
from tests.unit.cli.terminal.fake_server import FakeServer, token_for
from tests.waiting import eventually


class Talk:
    """One run of a program: what it wrote, and whether it went well."""

    def __init__(self, view: Piped, session: Session, out: io.StringIO, errors: io.StringIO) -> None:
        self.view, self.session, self.out, self.errors = view, session, out, errors

    async def say(self, *lines: str, follow: bool = False) -> bool:
        return await self.view.run(self.session, lines_of(lines), follow=follow)


@asynccontextmanager
async def talk(
    server: FakeServer, user: str = "alice", *, as_json: bool = False, echo: bool = False
) -> AsyncIterator[Talk]:
    tokens, conversation = given(token_for(user)), Conversation(user, "lobby", reads=False)
    out, errors = io.StringIO(), io.StringIO()
    async with HttpApi(server.api_url, tokens.current) as api:
        await load_people(api, conversation)
        view = Piped(conversation, out, errors, as_json=as_json, echo=echo)
        connect = functools.partial(open_socket, server.websocket_url)
        yield Talk(view, Session(conversation, api, tokens, view, connect), out, errors)


def posted(server: FakeServer) -> list[str]:
    return [message["content"] for message in server.messages.get("lobby", [])]


async def test_each_line_is_a_message_in_order_and_nothing_is_printed(server: FakeServer) -> None:
    async with talk(server) as program:
        assert await program.say("one\n", "\n", "  two  \n", "three")
    assert posted(server) == ["one", "two", "three"]
    assert (program.out.getvalue(), program.errors.getvalue()) == ("", "")


async def test_no_line_at_all_is_fine(server: FakeServer) -> None:
    async with talk(server) as program:
        assert await program.say()


async def test_an_echo_shows_the_room(server: FakeServer) -> None:
    await server.post("lobby", "bob", "before")
    async with talk(server, echo=True) as program:
        assert await program.say("mine")
    assert [line.split(None, 1)[1] for line in program.out.getvalue().splitlines()] == ["Bob  before", "Alice  mine"]


async def test_a_refusal_is_an_error_and_the_rest_is_still_tried(server: FakeServer) -> None:
    async with talk(server, "dave") as program:
        assert not await program.say("one", "two")
    assert program.errors.getvalue().count("kaiwa: Not sent: “") == 2


async def test_a_line_that_is_too_long_is_an_error(server: FakeServer) -> None:
    async with talk(server) as program:
        assert not await program.say("x" * 5001, "short")
    assert posted(server) == ["short"]
    assert "5,000" in program.errors.getvalue()


async def test_input_that_is_not_utf_8_ends_the_program_with_a_sentence(server: FakeServer) -> None:
    source = io.TextIOWrapper(io.BytesIO(b"fine\n" + b"x" * 10_000 + b"\n\xff\n"), encoding="utf-8")
    async with talk(server) as program, asyncio.timeout(20):
        assert not await program.view.run(program.session, lines_of(source), follow=True)
    assert "kaiwa: Standard input cannot be read any further: it is not UTF-8" in program.errors.getvalue()


async def test_a_line_with_bytes_that_are_no_text_is_an_error_and_the_next_is_sent(server: FakeServer) -> None:
    # What Python makes of such bytes where the locale is C.
    async with talk(server) as program:
        assert not await program.say("caf\udce9", "tea")
    assert posted(server) == ["tea"]
    assert "it is not UTF-8" in program.errors.getvalue()


async def test_a_message_without_an_answer_is_given_up(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WITHIN_S", 0.3)
    server.deaf = 1
    async with talk(server) as program:
        assert not await program.say("lost", "found")
    assert posted(server) == ["found"]
    assert "Perhaps not sent: “lost”" in program.errors.getvalue()


async def test_an_accepted_message_will_be_decided_and_is_no_error(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WITHIN_S", 0.3)
    server.mute = True
    async with talk(server) as program:
        assert await program.say("hello")
    assert program.errors.getvalue() == ""


async def test_a_final_end_of_the_connection_is_an_error_even_while_a_line_is_awaited(server: FakeServer) -> None:
    awaited = threading.Event()

    def lines() -> Iterator[str]:
        awaited.wait(10)
        yield "too late"

    async with talk(server) as program:
        running = asyncio.create_task(program.view.run(program.session, lines_of(lines())))
        await eventually(lambda: server.connections)
        await server.close_all(4403)
        assert not await asyncio.wait_for(running, 5)
    awaited.set()
    assert "sign in again" in program.errors.getvalue()


async def test_json_is_a_line_for_each_frame_and_messages_are_in_order(server: FakeServer) -> None:
    await server.post("lobby", "bob", "before")
    async with talk(server, as_json=True) as program:
        running = asyncio.create_task(program.say("mine", follow=True))
        await eventually(lambda: "ACK" in program.out.getvalue())
        await server.push("lobby", {"type": "FIREWORKS"})
        await eventually(lambda: "FIREWORKS" in program.out.getvalue())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    frames = [json.loads(line) for line in program.out.getvalue().splitlines()]
    assert [frame["content"] for frame in frames if frame["type"] == "MESSAGE"] == ["before", "mine"]
    assert [frame["type"] for frame in frames if frame["type"] != "MESSAGE"] == ["ACK", "FIREWORKS"]


async def test_a_program_that_follows_stays_until_it_is_ended(server: FakeServer) -> None:
    async with talk(server, echo=True) as program:
        running = asyncio.create_task(program.say(follow=True))
        await eventually(lambda: server.connections)
        await server.post("lobby", "bob", "later")
        await eventually(lambda: "later" in program.out.getvalue())
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
