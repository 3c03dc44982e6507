"""Reads of several callers in one request: it costs some 2 ms of CPU on either side, a key in it next to nothing.

    read(keys) ─▶ fewer than two under way: at once
               └▶ else with all others that wait, when one of the two has ended: at most 100 keys

So an idle table is asked without delay, and a busy one is asked seldom.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from chassis.backoff import is_retryable
from chassis.items import Item
from contracts.table import Key

AT_ONCE = 2
KEYS = 100

Read = Callable[[Sequence[Key]], Awaitable[dict[Key, Item]]]
_Found = dict[Key, Item]


class _Asked(NamedTuple):
    keys: frozenset[Key]
    answer: "asyncio.Future[_Found]"


class JoinedReads:
    """Each read begins after it was asked for, so it sees all that was written before."""

    def __init__(self, read: Read) -> None:
        """`read` is a TablePort's `batch_get`."""
        self._read_together = read
        self._waiting: deque[_Asked] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    async def read(self, keys: Sequence[Key]) -> _Found:
        """Those of the items that exist. Raises chassis.table_errors.TableError."""
        asked = _Asked(frozenset(keys), asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        self._begin()
        return await asked.answer

    def _begin(self) -> None:
        while len(self._under_way) < AT_ONCE and (together := self._take()):
            task = asyncio.create_task(self._answer(together))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._begin()

    def _take(self) -> list[_Asked]:
        """The next to be read together: at least one, at most `KEYS` keys where one alone has not more."""
        together: list[_Asked] = []
        keys: frozenset[Key] = frozenset()
        while self._waiting:
            keys |= self._waiting[0].keys
            if together and len(keys) > KEYS:
                break
            together.append(self._waiting.popleft())
        return together

    async def _answer(self, together: Sequence[_Asked]) -> None:
        try:
            found = await self._read_together(list(frozenset[Key]().union(*(asked.keys for asked in together))))
        except Exception as error:  # noqa: BLE001 - told to who asked
            await self._failed(together, error)
        except asyncio.CancelledError:
            for asked in together:
                asked.answer.cancel()
            raise
        else:
            for asked in together:
                if not asked.answer.done():
                    asked.answer.set_result({key: found[key] for key in asked.keys & found.keys()})

    async def _failed(self, together: Sequence[_Asked], error: Exception) -> None:
        """What is away is away for all; what is wrong in one must not fail the others: each is read alone."""
        if len(together) > 1 and not is_retryable(error):
            for asked in together:
                await self._answer([asked])
            return
        for asked in together:
            if not asked.answer.done():
                asked.answer.set_exception(error)
