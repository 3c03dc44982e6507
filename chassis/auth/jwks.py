"""The keys that one issuer has published, fetched only when a token names one that is not known (spec 2)."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chassis.auth.errors import KeysUnavailable, TokenError
from chassis.auth.fetch import fetch_keys
from chassis.auth.jwk import Keys, keys_of

Fetch = Callable[[str], Awaitable[bytes]]
"""URL → body; raises KeysUnavailable."""


@dataclass(frozen=True, kw_only=True)
class FetchLimits:
    """Times in seconds."""

    response_s: float = 3.0
    attempts: int = 2
    between_attempts_s: float = 0.1
    after_a_miss_s: float = 10.0
    """How long unknown keys are refused without asking again, lest a flood of invented ones becomes one of requests."""
    after_a_failure_s: float = 1.0
    """How long an issuer that is down is left alone."""


class KeyCache:
    """Keys by `kid`, without a time limit; a fetch replaces all of them, a failed one changes nothing.

    However many callers wait for unknown keys, one fetch is in flight. It goes on when a caller gives up.
    """

    def __init__(
        self,
        url: str,
        *,
        fetch: Fetch = fetch_keys,
        limits: FetchLimits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._fetch = fetch
        self._limits = limits or FetchLimits()
        self._monotonic = monotonic
        self._keys: Keys = {}
        self._fetching: asyncio.Task[str | None] | None = None
        self._missed_until = self._failed_until = float("-inf")

    async def key(self, kid: str) -> RSAPublicKey:
        """The key named `kid`. Raises TokenError (not published, or not for signatures) or KeysUnavailable.

        Takes a fetch's time at most: twice 3 s.
        """
        if kid not in self._keys:
            await self._look_for(kid)
        key = self._keys[kid]
        if key is None:
            raise TokenError("UNSUITABLE_KEY")
        return key

    async def fetch(self) -> None:
        """Fetch the keys now, or join the fetch in flight; raises KeysUnavailable."""
        await self._joined(None)

    async def close(self) -> None:
        """Give up the fetch in flight."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    async def _look_for(self, kid: str) -> None:
        now = self._monotonic()
        if now < self._missed_until:
            raise TokenError("UNKNOWN_KEY")
        if now < self._failed_until:
            raise KeysUnavailable("the issuer's keys could not be fetched a moment ago")
        await self._joined(kid)
        if kid not in self._keys:
            self._note_a_miss()
            raise TokenError("UNKNOWN_KEY")

    async def _joined(self, kid: str | None) -> None:
        task = self._fetching
        if task is None or task.done():
            task = self._fetching = asyncio.create_task(self._refetch(kid), name="fetch the issuer's keys")
        # Unlike `await task`, this lets the fetch go on when one of its callers is cancelled.
        await asyncio.wait([task])
        problem = "the verifier was closed" if task.cancelled() else task.result()
        if problem:
            raise KeysUnavailable(problem)

    async def _refetch(self, kid: str | None) -> str | None:
        """What was wrong, as text: one exception raised to thousands of callers would collect all their tracebacks."""
        try:
            self._keys = await self._attempts()
        except KeysUnavailable as error:
            self._failed_until = self._monotonic() + self._limits.after_a_failure_s
            return str(error)
        # Here and not only where the callers wake up: one that comes in between would start a second fetch.
        if kid is not None and kid not in self._keys:
            self._note_a_miss()
        return None

    def _note_a_miss(self) -> None:
        self._missed_until = self._monotonic() + self._limits.after_a_miss_s

    async def _attempts(self) -> Keys:
        for _ in range(self._limits.attempts - 1):
            try:
                return await self._attempt()
            except KeysUnavailable:
                await asyncio.sleep(self._limits.between_attempts_s * random.uniform(1.0, 2.0))
        return await self._attempt()

    async def _attempt(self) -> Keys:
        try:
            async with asyncio.timeout(self._limits.response_s):
                return keys_of(await self._fetch(self._url))
        except TimeoutError:
            raise KeysUnavailable(f"the issuer gave no keys within {self._limits.response_s} s") from None
