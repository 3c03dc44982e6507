"""Waiting for something that may not come: the answer says whether it did."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def until(check: Callable[[], bool | Awaitable[bool]], *, within_s: float, every_s: float = 0.2) -> bool:
    """Ask again and again; whether it was true within `within_s`."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        answer = check()
        if await answer if inspect.isawaitable(answer) else answer:
            return True
        await asyncio.sleep(every_s)
    return False
