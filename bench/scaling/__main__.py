"""`python -m bench.scaling`: makes one thing larger at a time, and writes bench/scaling.md with its picture."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
import uvloop
from rich.console import Console

from bench import cluster
from bench.guests import House
from bench.load.outcome import GeneratorFailed
from bench.machine import open_as_many_files_as_allowed
from bench.peers import made
from bench.report import Report, Section
from bench.scaling import one_gateway, plots, rooms, side_by_side, sizes
from bench.scaling.growth import Series

REPORT = Path(__file__).parent.with_name("scaling.md")
_LARGE = {"KAIWA_PARTICIPANTS_MOST": "5000", "KAIWA_CONNECTIONS": "15000"}
"""What a site sets that has rooms of thousands."""


_FAILURES = (GeneratorFailed, cluster.KaiwaFailed, aiohttp.ClientError, TimeoutError, AssertionError)


class _Run:
    """Everything in turn; what does not hold is told and ends its own part only."""

    def __init__(
        self, size: sizes.Sizes, report: Report, console: Console, save: Callable[[Sequence[Series]], None]
    ) -> None:
        """`save` is called after each part, so that a run that is cut off leaves what it has."""
        self._size, self._report, self._console, self._save = size, report, console, save
        self.found: list[Series] = []
        self.held = True

    async def all(self) -> None:
        size = self._size
        await self._part("recipients", one_gateway.recipients(size))
        await self._part("connections", one_gateway.connections(size))
        await self._part("a crowd", one_gateway.crowd(size))
        async with _large_house() as house:
            await self._part("rooms", rooms.rooms(house, size))
            await self._part("people of a room", rooms.people(house, size))
        async with _large_house() as house:
            await self._part("a hot room", rooms.hot_room(house, size))
        await self._part("gateways", side_by_side.gateways(size))
        await self._part("workers", side_by_side.workers(size))

    async def _part(self, name: str, work: Awaitable[Series]) -> None:
        self._console.print(f"Larger and larger: {name}", style="dim")
        try:
            series = await work
        except _FAILURES as error:
            self.held = False
            failed = Section(f"{name}: DID NOT HOLD", ("", ""), [(type(error).__name__, str(error)[:500])])
            self._report.add(failed, self._console)
        else:
            self.found.append(series)
            self._report.add(series.section(), self._console)
            self._save(self.found)


@asynccontextmanager
async def _large_house() -> AsyncIterator[House]:
    async with (
        cluster.folder() as folder,
        cluster.up(folder, ephemeral=True, gateways=1, environ=_LARGE) as own,
        House.of(own.described) as house,
    ):
        yield house


def main(
    quick: Annotated[bool, typer.Option("--quick", help="small sizes: figures that only show that all runs")] = False,
    output: Annotated[Path, typer.Option("--output", help="where the report goes")] = REPORT,
) -> None:
    """Measure how Kaiwa's costs grow on this machine; exit code 1 where something did not hold."""
    open_as_many_files_as_allowed()
    console, report = Console(), Report()

    def save(found: Sequence[Series]) -> None:
        report.pictures = [plots.draw(found, output.parent / "plots" / "scaling.png")]
        report.write(output, command=f"python -m bench.scaling{' --quick' if quick else ''}")

    run = _Run(sizes.QUICK if quick else sizes.FULL, report, console, save)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run.all())
    except made.Absent as reason:
        console.print(str(reason), style="red")
        raise typer.Exit(1) from None
    raise typer.Exit(0 if run.held else 1)


if __name__ == "__main__":
    typer.run(main)
