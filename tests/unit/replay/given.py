# ruff: noqa: ARG002 - the port has more than is used here
"""What unit tests of replay share: a rebuilt table in memory, and a comparison while the world goes on."""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

from chassis.items import Item
from contracts.table import Key
from contracts.topics import TOPICS
from replay.diff import Diff
from replay.differences import Difference
from replay.log import Log
from replay.rebuild import Rebuild, Rebuilt
from replay.tail import Tail
from tests.doubles.table import MemoryTable
from tests.doubles.world import World

Meanwhile = Callable[[], Awaitable[None]]


def nothing(_done: int, _total: int) -> None:
    return


async def calm() -> None:
    return


class MemoryWriter:
    def __init__(self, table: MemoryTable) -> None:
        self._table = table
        self.die_after: int | None = None

    async def write(self, rows: Mapping[Key, Item | None]) -> None:
        for key, made in rows.items():
            if self.die_after is not None:
                self.die_after -= 1
                if self.die_after < 0:
                    raise ConnectionError("died")
            if made is None:
                self._table.items.pop(key, None)
            else:
                self._table.items[key] = made


async def rebuilt(world: World, into: MemoryTable, until_ms: int | None = None) -> Rebuilt:
    log = await world.opened()
    return await Rebuild(log, into, MemoryWriter(into), nothing, flush_rows=5).run(until_ms)


class Busy:
    """The live table, where something happens between any two looks at it."""

    def __init__(self, table: MemoryTable, meanwhile: Meanwhile) -> None:
        self._table = table
        self._meanwhile = meanwhile
        self._dice = random.Random(1)

    async def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        await self._meanwhile()
        return await self._table.get(key, consistent=consistent)

    async def batch_get(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Item]:
        """Not one instant: things happen between two items."""
        found: dict[Key, Item] = {}
        for key in keys:
            if self._dice.random() < 0.1:
                await self._meanwhile()
            found |= await self._table.batch_get([key])
        return found

    async def query(
        self,
        pk: str,
        *,
        begins_with: str | None = None,
        between: tuple[str, str] | None = None,
        ascending: bool = True,
        limit: int | None = None,
        consistent: bool = True,
    ) -> list[Item]:
        await self._meanwhile()
        return await self._table.query(
            pk, begins_with=begins_with, between=between, ascending=ascending, limit=limit, consistent=consistent
        )

    async def scan(
        self, segment: int, segments: int, *, keys_only: bool = False, page: int | None = None
    ) -> AsyncGenerator[list[Item]]:
        async for items in self._table.scan(segment, segments, keys_only=keys_only, page=20):
            yield items
            await self._meanwhile()


async def compared(
    world: World, base: MemoryTable, *, meanwhile: Meanwhile = calm, live: bool = True, settle_s: float = 0.05
) -> tuple[list[Difference], Diff]:
    log = await Log.over(world.log, *TOPICS)
    tail = Tail(log, base) if live else None
    if tail is not None:
        await tail.open()
    walk = Diff(
        log,
        base,
        Busy(world.table, meanwhile),
        tail,
        settle_s=settle_s,
        round_s=0,
        clock=lambda: world.log.now_ms / 1000,
    )
    try:
        return [one async for one in walk.run()], walk
    finally:
        if tail is not None:
            tail.close()
