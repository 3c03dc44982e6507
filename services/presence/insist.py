"""Repeats work while something is away, for as long as the work is ours (spec 11)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chassis import metrics
from chassis.backoff import Backoff, is_retryable
from chassis.dead_letters import code_of
from chassis.health import Health
from chassis.logs import get_logger

_log = get_logger(__name__)

Result = TypeVar("Result")


class Revoked(Exception):
    """The work is no longer ours: its next owner goes on."""

    code = "REVOKED"
    retryable = False


class Insist:
    """`await insist(work)`; readiness tells what is waited for."""

    def __init__(self, part: str, health: Health) -> None:
        self.part = part
        self._health = health
        self._over = asyncio.Event()

    @property
    def given_up(self) -> bool:
        """Whether nothing is repeated any more."""
        return self._over.is_set()

    def give_up(self) -> None:
        """What fails from now on is not repeated."""
        self._over.set()
        self._health.set(self.part, None)

    async def __call__(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """What `work` returns at its first success; raises Revoked, or its first error that no retry can mend."""
        backoff = Backoff()
        while True:
            try:
                result = await work()
            except Exception as error:
                if not is_retryable(error):
                    raise
                await self._failed(error, backoff)
            else:
                self._health.set(self.part, None)
                return result

    async def pause(self, most_s: float) -> None:
        """Wait before a new attempt; raises Revoked if it is not ours to make."""
        await Backoff(first_s=most_s, most_s=most_s).wait(self._over)
        if self.given_up:
            raise Revoked

    async def _failed(self, error: Exception, backoff: Backoff) -> None:
        metrics.RETRIES.labels("presence", code_of(error)).inc()
        if not self.given_up:
            self._health.set(self.part, f"{code_of(error)}: {error}"[:300])
            await backoff.wait(self._over)
        if self.given_up:
            raise Revoked from error
