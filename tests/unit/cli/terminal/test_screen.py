from __future__ import annotations

import asyncio
import functools
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import to_plain_text
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from cli.terminal.conversation import Conversation
from cli.terminal.http_api import HttpApi
from cli.terminal.screen import Screen
from cli.terminal.session import Session
from cli.terminal.socket import open_socket
from cli.terminal.tokens import given
from tests.unit.cli.terminal.fake_server import FakeServer, token_for
from tests.waiting import eventually

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|\r")


@dataclass
class Terminal:
    screen: Screen
    keys: PipeInput
    written: io.StringIO
    ended: asyncio.Task[str | None]

    def type(self, text: str) -> None:
        self.keys.send_text(text)

    @property
    def text(self) -> str:
        return _ESCAPES.sub("", self.written.getvalue())

    async def shows(self, text: str) -> None:
        await eventually(lambda: text in self.text)

    async def status_says(self, text: str) -> None:
        # The terminal gets only the cells that change: what stands there together is in no one place of its bytes.
        await eventually(lambda: text in to_plain_text(self.screen._below_cursor()))


@asynccontextmanager
async def sitting(server: FakeServer, user: str = "alice") -> AsyncIterator[Terminal]:
    tokens, conversation, written = given(token_for(user)), Conversation(user, "lobby"), io.StringIO()
    output = Vt100_Output(written, lambda: Size(rows=24, columns=100), term="xterm")
    with create_pipe_input() as keys:
        async with HttpApi(server.api_url, tokens.current) as api:
            screen = Screen(conversation, keys=keys, output=output)
            connect = functools.partial(open_socket, server.websocket_url)
            session = Session(conversation, api, tokens, screen, connect, lambda: -1.5)
            ended = asyncio.create_task(screen.run(session))
            try:
                await eventually(lambda: conversation.timeline.whole)
                yield Terminal(screen, keys, written, ended)
            finally:
                ended.cancel()
                await asyncio.gather(ended, return_exceptions=True)


async def test_what_is_typed_is_posted_and_printed_once(server: FakeServer) -> None:
    async with sitting(server) as terminal:
        terminal.type("hello bob\r")
        await eventually(lambda: server.messages.get("lobby"))
        await terminal.shows("Alice  hello bob")
    assert server.messages["lobby"][0]["content"] == "hello bob"
    assert terminal.text.count("Alice  hello bob") == 1


async def test_a_message_may_have_several_lines(server: FakeServer) -> None:
    async with sitting(server) as terminal:
        terminal.type("one\x1b\rtwo\r")
        await eventually(lambda: server.messages.get("lobby"))
    assert server.messages["lobby"][0]["content"] == "one\ntwo"


async def test_others_see_that_one_types_but_not_commands(server: FakeServer) -> None:
    async with sitting(server) as terminal:
        terminal.type("/who")
        await terminal.shows("/who")
        assert server.sent("typing") == []
        terminal.type("\rhe")
        await eventually(lambda: server.sent("typing"))


async def test_the_status_line_tells_who_is_online_and_who_types(server: FakeServer) -> None:
    async with sitting(server) as terminal:
        await terminal.status_says("nobody else is online")
        online = {"type": "PRESENCE", "userId": "bob", "status": "online", "lastSeenAt": "", "version": 2}
        await server.push("lobby", online)
        await terminal.status_says("Bob online")
        await server.push("lobby", {"type": "TYPING", "chatRoomId": "lobby", "userId": "bob"})
        await terminal.status_says("Bob is typing")


async def test_a_refusal_is_explained_in_plain_words(server: FakeServer) -> None:
    async with sitting(server, "dave") as terminal:
        terminal.type("hello\r")
        await terminal.shows("Not sent: “hello”: your profile is not verified yet")


async def test_commands_are_answered(server: FakeServer) -> None:
    async with sitting(server) as terminal:
        terminal.type("/help\r")
        await terminal.shows("/create ROOM [USER …]")
        terminal.type("/nonsense\r")
        await terminal.shows("There is no command /nonsense")


async def test_quitting_leaves(server: FakeServer) -> None:
    for leave in ("/quit\r", "\x04", "\x03"):
        async with sitting(server) as terminal:
            terminal.type(leave)
            assert await asyncio.wait_for(terminal.ended, 5) is None
        await eventually(lambda: not server.connections)


async def test_a_final_close_ends_with_its_reason(server: FakeServer) -> None:
    async with sitting(server) as terminal:
        await server.close_all(4409)
        assert "too many times" in str(await asyncio.wait_for(terminal.ended, 5))


async def test_a_lost_connection_is_shown_until_it_is_back(server: FakeServer) -> None:
    async with sitting(server) as terminal:
        server.refuse_handshakes = [(503, {"Retry-After": "2"})]
        await server.close_all(1012)
        await terminal.status_says("not connected, next try in")
        terminal.type("hello\r")
        await eventually(lambda: server.messages.get("lobby"))
        await terminal.shows("Alice  hello")


async def test_what_others_write_cannot_act_on_the_terminal(server: FakeServer) -> None:
    async with sitting(server) as terminal:
        await server.post("lobby", "bob", "\x1b]0;owned\x07\x1b[2Jthe end")
        await terminal.shows("the end")
    assert "\x1b]0;owned" not in terminal.written.getvalue()
