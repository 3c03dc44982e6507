"""A rate that is not exceeded: who takes too much waits."""

import asyncio
import time
from collections.abc import Callable


class Pace:
    """`await pace.take(count)`: at most `per_s` a second on average, and at most a second's worth at once."""

    def __init__(self, per_s: float | None, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """None: no limit."""
        self._per_s = per_s
        self._monotonic = monotonic
        self._free_at = monotonic()

    async def take(self, count: int) -> None:
        """Return when so many may be done."""
        wait_s = self.due_s(count)
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def due_s(self, count: int) -> float:
        """Count them in; seconds until they may be done."""
        if self._per_s is None:
            return 0.0
        now = self._monotonic()
        self._free_at = max(self._free_at, now - 1.0) + count / self._per_s
        return max(0.0, self._free_at - now)
