"""Tasks that live as long as their process: the first that fails ends it."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any


async def run_until(stop: Awaitable[Any], *works: Coroutine[Any, Any, Any]) -> None:
    """Run `works` side by side until `stop` resolves; then cancel and await them. Raises what the first failure raised.

    A work that returns before `stop` has ended by itself: that is no failure.
    """
    tasks = {asyncio.create_task(work) for work in works}
    stopped = asyncio.ensure_future(stop)
    try:
        pending = tasks | {stopped}
        while stopped in pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
    finally:
        stopped.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, stopped, return_exceptions=True)


async def happens_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Whether `event` is set before `seconds` have passed (None: however long it takes).

    Not `asyncio.wait_for`: before Python 3.12 that swallows a cancellation which comes in the moment the event is set,
    and a task that waits in a loop then never ends.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def first_of(stop: asyncio.Event, work: Coroutine[Any, Any, Any]) -> bool:
    """Await `work` unless `stop` is set before it ends, which cancels it; whether it ended. Raises what it raised."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        return task.done()
    finally:
        for pending in (task, stopped):
            pending.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)
