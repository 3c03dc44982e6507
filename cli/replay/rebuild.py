"""`kaiwa replay rebuild`: the table, made again from the topics, into another table."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from chassis.bulk_writer import BulkWriter
from chassis.table import Table
from cli.cluster import DEFAULT_DIRECTORY
from cli.replay.asking import Bar, ask, say, say_beginnings, say_json
from cli.replay.options import AsJson, Capsule, Directory, moment
from contracts.topics import SUBMISSIONS
from replay.log import Log
from replay.rebuild import FOLDED, Rebuild, Rebuilt
from replay.settings import ReplaySettings
from replay.target import log_row, prepare, require_free


def rebuild(
    into: Annotated[str, typer.Option("--into", metavar="TABLE", help="The table to make; never the live one.")],
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Leave out what came later.")] = None,
    parallel: Annotated[int, typer.Option("--parallel", min=1, max=64, help="Partitions side by side.")] = 4,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="ROWS", min=1, help="At most so many rows a second.")
    ] = None,
    capsule: Capsule = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJson = False,
) -> None:
    """Fold chat.rooms, chat.users and chat.connections into another table, as fast as it takes them.

    Stopped or killed, the same command goes on where it stopped; later, it adds what has happened since.

    Example: `kaiwa replay rebuild --into kaiwa-again` and then `kaiwa replay diff kaiwa-again live`
    """
    until_ms = moment(until)

    async def question(settings: ReplaySettings, bar: Bar) -> int:
        began = time.monotonic()
        log = await Log.open(settings, *FOLDED, SUBMISSIONS, capsule=capsule)
        target = settings.of_table(into)
        await asyncio.to_thread(prepare, target, settings, await log_row(log, settings))
        say_beginnings(await log.beginnings(FOLDED), as_json=as_json)
        async with Table(target) as reads, BulkWriter(target, rows_per_s=rate) as writer:
            await require_free(reads, log)
            bar.phase("Folding")
            result = await Rebuild(log, reads, writer, bar).run(until_ms, side_by_side=parallel)
        _show(into, result, time.monotonic() - began, as_json=as_json)
        return 1 if result.problems else 0

    ask(directory, question)


def _show(into: str, result: Rebuilt, seconds: float, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "table": into,
                "events": result.events,
                "rows": result.rows,
                "seconds": round(seconds, 3),
                "beforeHistory": sorted(result.before_history),
                "problems": result.problems,
                "ends": {f"{part.topic}/{part.partition}": end for part, end in sorted(result.ends.items())},
            }
        )
        return
    say(f"{into}: {result.events:,} events folded, {result.rows:,} rows written in {seconds:.1f} s.")
    if result.before_history:
        say(
            f"{len(result.before_history)} rooms or users began before history does, and were left out.", style="yellow"
        )
    for problem in result.problems[:20]:
        say(f"a hole in the log: {problem}", style="red")
