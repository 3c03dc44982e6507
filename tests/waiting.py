"""Waiting for a condition with a deadline, in place of sleeping and hoping."""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from collections.abc import Callable
from typing import Any, Protocol

PATIENCE = float(os.environ.get("KAIWA_TEST_PATIENCE", "2"))
"""Deadlines are written for a machine that does nothing else; several workers, or a busy machine, need more."""


class Eventually(Protocol):
    """The type of the fixture ``eventually``."""

    async def __call__(self, check: Callable[[], object], *, within_s: float = 10.0, every_s: float = 0.05) -> Any:
        """See ``eventually``."""
        ...


async def eventually(check: Callable[[], object], *, within_s: float = 10.0, every_s: float = 0.05) -> Any:
    """The first truthy value of ``check()``, asked again every ``every_s``; an AssertionError in it counts as not yet.

    Raises AssertionError with the last value (or the last failed assertion) after ``within_s`` times PATIENCE. A
    ``check`` that never returns is cut off at the deadline.
    """
    within_s *= PATIENCE
    deadline = time.monotonic() + within_s
    last: object = None
    while (left := deadline - time.monotonic()) > 0:
        try:
            last = await _ask(check, left)
            if last:
                return last
        except (AssertionError, TimeoutError) as error:
            last = error
        await asyncio.sleep(every_s)
    raise AssertionError(f"not within {within_s} s; the last answer was: {last!r}")


async def _ask(check: Callable[[], object], left_s: float) -> object:
    answer = check()
    if inspect.isawaitable(answer):
        return await asyncio.wait_for(answer, left_s)
    return answer
