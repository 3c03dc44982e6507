"""Tokens while a chat lasts: one for each try to connect, and a new one before the old one runs out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from cli.terminal.token_claims import claims
from deploy.issuer.client import ask_for_token

BEFORE_EXPIRY_S = 60.0
NEVER_S = 7 * 86_400.0


def from_issuer(issuer: str, user: str) -> Tokens:
    """Tokens of `user` from a development issuer."""

    async def obtain() -> str:
        return await asyncio.to_thread(ask_for_token, issuer, user)

    return Tokens(obtain, renewable=True)


def given(token: str) -> Tokens:
    """The one token that there is."""

    async def obtain() -> str:
        return token

    return Tokens(obtain, renewable=False)


class Tokens:
    """`obtain` gets a token or raises NoTokenError; `renewable` tells whether it can get another one than before."""

    def __init__(self, obtain: Callable[[], Awaitable[str]], *, renewable: bool) -> None:
        self._obtain = obtain
        self.renewable = renewable
        self._token: str | None = None

    async def fresh(self) -> str:
        """A token got just now."""
        self._token = await self._obtain()
        return self._token

    async def current(self) -> str:
        """The last one, while it has a minute to live; else a fresh one."""
        if self._token is None or (self.renewable and self.left_s() <= 0):
            return await self.fresh()
        return self._token

    def left_s(self) -> float:
        """Seconds until a fresh one is due: a minute before the last one runs out."""
        expires_at = claims(self._token).exp if self._token else None
        return NEVER_S if expires_at is None else expires_at - BEFORE_EXPIRY_S - time.time()
