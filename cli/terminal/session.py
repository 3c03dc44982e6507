"""Stays connected: one link after the other, with the pauses and the reasons to stop of spec 7 and 10."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from chassis.tasks import happens_within
from cli.terminal import returning
from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Notice
from cli.terminal.http_api import ApiRefusedError, HttpApi
from cli.terminal.link import Link, View
from cli.terminal.socket import Closed, Refused, Socket, Unreachable
from cli.terminal.tokens import Tokens
from deploy.issuer.client import NoTokenError

OpenSocket = Callable[[str], AbstractAsyncContextManager[Socket]]
"""Token to connection; raises Refused or Unreachable."""
MOST_REFUSED_TOKENS = 3

_End = Closed | Refused | Unreachable | NoTokenError | ApiRefusedError


class Session:
    """A person's stay in a chat. Cancel `run` to leave."""

    def __init__(
        self,
        conversation: Conversation,
        api: HttpApi,
        tokens: Tokens,
        view: View,
        open_socket: OpenSocket,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.conversation = conversation
        self.api = api
        self.connected = False
        self.retry_at: float | None = None
        """When (monotonic seconds) the next try is; None while one is under way or none is needed."""
        self._tokens = tokens
        self._view = view
        self._open_socket = open_socket
        self._chance = chance
        self._link: Link | None = None
        self._refused_tokens = 0
        self._hurry = asyncio.Event()

    def poke(self) -> None:
        """Something was typed, or another room entered: send, fetch."""
        if self._link:
            self._link.poke()

    def hurry(self) -> None:
        """Try to connect now, if a pause is on."""
        self._hurry.set()

    async def run(self) -> str:
        """Connects, again and again; returns, in a sentence, why that has no sense any more."""
        tries = 0
        while True:
            lasted_s, end = await self._once()
            if (why := self._why_not(end)) is not None:
                return why
            tries = 1 if lasted_s >= returning.STABLE_S else tries + 1
            if returning.is_giving_up_hope(tries):
                self._view.show([Notice("The server cannot be reached. Trying again every half minute.")])
            await self._pause(tries, end)

    async def _once(self) -> tuple[float, _End]:
        opened_at: float | None = None
        try:
            async with self._open_socket(await self._tokens.fresh()) as socket:
                opened_at, self._refused_tokens = time.monotonic(), 0
                await self._live(socket)
        except (Closed, Refused, Unreachable, NoTokenError, ApiRefusedError) as error:
            return (time.monotonic() - opened_at if opened_at else 0.0), error
        raise AssertionError("a link ends with an error")

    async def _live(self, socket: Socket) -> None:
        self._link, self.connected = Link(socket, self.conversation, self.api, self._tokens, self._view), True
        try:
            await self._link.run()
        finally:
            self._link, self.connected = None, False
            self.conversation.disconnected()
            self._view.changed()

    async def _pause(self, tries: int, end: _End) -> None:
        asked_s = end.retry_after_s if isinstance(end, Refused) else None
        pause_s = max(returning.pause_s(tries, self._chance()), asked_s or 0.0)
        self._hurry.clear()
        self.retry_at = time.monotonic() + pause_s
        self._view.changed()
        try:
            await happens_within(self._hurry, pause_s)
        finally:
            self.retry_at = None
            self._view.changed()

    def _why_not(self, end: _End) -> str | None:
        match end:
            case Closed():
                return returning.why_not_after_close(end.close_code, end.reason)
            case Refused():
                self._refused_tokens += end.status == 401
                can_renew = self._tokens.renewable and self._refused_tokens < MOST_REFUSED_TOKENS
                return returning.why_not_after_refusal(end.status, end.message, can_renew=can_renew)
            case NoTokenError() | ApiRefusedError():
                return None if end.retryable else str(end)
            case _:
                return None
