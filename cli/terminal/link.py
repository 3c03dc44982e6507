"""One connection from its opening to its end: moves frames and pages between socket, API and conversation."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import msgspec

from chassis.backoff import Backoff
from chassis.tasks import happens_within
from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Happening
from cli.terminal.http_api import ApiUnavailableError, HttpApi
from cli.terminal.room_people import load_people
from cli.terminal.socket import Socket
from cli.terminal.tokens import Tokens
from contracts.client_frames import ClientFrame, RefreshTokenFrame
from contracts.server_frames import ServerFrame, decode_server_frame
from deploy.issuer.client import NoTokenError

LONGEST_WAIT_S = 60.0
TOKEN_RETRY_S = 10.0


class View(Protocol):
    """Whoever shows the conversation."""

    def show(self, happenings: Sequence[Happening]) -> None:
        """These happened, in order."""

    def changed(self) -> None:
        """Who is online, who types, how far drafts are: something of it has changed."""

    def frame(self, text: str, frame: ServerFrame | None) -> None:
        """A frame came; None for one of a kind that this client does not know."""


class Link:
    """Everything that happens on one open socket."""

    def __init__(self, socket: Socket, conversation: Conversation, api: HttpApi, tokens: Tokens, view: View) -> None:
        self._socket = socket
        self._conversation = conversation
        self._api = api
        self._tokens = tokens
        self._view = view
        self._to_send = asyncio.Event()
        self._to_fetch = asyncio.Event()
        self._to_load = asyncio.Event()
        self._clock = time.monotonic

    def poke(self) -> None:
        """Something was typed, or another room entered."""
        self._to_send.set()
        self._to_fetch.set()
        self._to_load.set()

    async def run(self) -> None:
        """Until the end of the connection. Raises Closed, or ApiRefusedError if the room is closed to us."""
        self._conversation.connected(self._clock())
        self._view.changed()
        parts = [self._receive(), self._send(), self._fetch(), self._load_people()]
        if self._tokens.renewable:
            parts.append(self._refresh_token())
        await _first_error(*parts)

    async def _receive(self) -> None:
        async for text in self._socket.frames():
            frame = _decoded(text)
            self._view.frame(text, frame)
            if frame is not None:
                self._show(self._conversation.frame(frame, self._clock()))

    async def _send(self) -> None:
        while True:
            self._to_send.clear()
            for frame in self._conversation.outgoing(self._clock()):
                await self._socket.send(_json(frame))
            self._view.changed()
            due_at = self._conversation.next_due_at()
            await happens_within(self._to_send, LONGEST_WAIT_S if due_at is None else max(due_at - self._clock(), 0.0))

    async def _fetch(self) -> None:
        backoff = Backoff(first_s=0.25, most_s=5.0)
        while True:
            self._to_fetch.clear()
            if await self._fetch_page():
                backoff.reset()
                await self._to_fetch.wait()
            else:
                await backoff.wait()

    async def _fetch_page(self) -> bool:
        """Asks for a page if one is missing; False if it is better to wait a little before the next."""
        timeline = self._conversation.timeline
        while (fetch := timeline.next_fetch()) is not None:
            try:
                page = await self._api.messages(timeline.chat_room_id, fetch.after)
            except ApiUnavailableError:
                timeline.failed(fetch)
                return False
            if timeline is not self._conversation.timeline:
                return True
            self._show(self._conversation.page(fetch, page.messages, self._clock(), has_more=page.has_more))
            if not page.messages and not timeline.whole:
                # The server pushed what its history does not show yet.
                return False
        return True

    async def _load_people(self) -> None:
        backoff = Backoff(first_s=0.5, most_s=10.0)
        while True:
            self._to_load.clear()
            if await self._people_are_known():
                backoff.reset()
                await self._to_load.wait()
            else:
                await backoff.wait()

    async def _people_are_known(self) -> bool:
        if not self._conversation.people_are_stale:
            return True
        self._conversation.people_are_stale = False
        try:
            await load_people(self._api, self._conversation)
        except ApiUnavailableError:
            self._conversation.people_are_stale = True
            return False
        self._view.changed()
        return not self._conversation.people_are_stale

    async def _refresh_token(self) -> None:
        while True:
            await asyncio.sleep(max(self._tokens.left_s(), TOKEN_RETRY_S))
            with contextlib.suppress(NoTokenError):
                # Without one the server closes the connection with 4401, and the next try tells what is wrong.
                await self._socket.send(_json(RefreshTokenFrame(token=await self._tokens.fresh())))

    def _show(self, happenings: Sequence[Happening]) -> None:
        if happenings:
            self._view.show(happenings)
        self._view.changed()
        self.poke()


def _json(frame: ClientFrame) -> str:
    return msgspec.json.encode(frame).decode()


def _decoded(text: str) -> ServerFrame | None:
    try:
        frame: ServerFrame = decode_server_frame(text)
    except msgspec.MsgspecError:
        # A newer server may push more kinds of frames; what it adds is not for us.
        return None
    return frame


async def _first_error(*endless: Coroutine[Any, Any, None]) -> None:
    """Runs all until one of them raises, ends the others, and raises that error."""
    tasks = [asyncio.create_task(one) for one in endless]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
