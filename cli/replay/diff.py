"""`kaiwa replay diff`: a table against what the log says, row by row, while it is being written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chassis.pace import Pace
from chassis.table import Table
from cli.cluster import DEFAULT_DIRECTORY
from cli.replay.asking import Bar, ask, say, say_beginnings, say_json
from cli.replay.options import AsJsonLines, Capsule, Directory, ShowContent
from contracts.timestamps import iso
from contracts.topics import SUBMISSIONS
from replay.diff import SETTLE_S, Counted, Diff
from replay.differences import Difference
from replay.log import Log, Place
from replay.rebuild import FOLDED, NotForRebuild, is_unfinished
from replay.repair import repair
from replay.seen import see
from replay.settings import ReplaySettings
from replay.tail import Tail
from replay.words import sentence

LIVE = "live"
EXPLAINED = 100
"""Differences whose events are looked up and told in words; the others are named by their places."""
REPAIRED_MOST = 10_000


def diff(
    base: Annotated[str, typer.Argument(metavar="TABLE_A", help="A table that `rebuild` made.")],
    other: Annotated[str, typer.Argument(metavar="TABLE_B|live", help="The table to compare with it.")] = LIVE,
    at_positions: Annotated[
        bool,
        typer.Option("--at-positions", help="Fold each row on to the position of TABLE_B's row (always, for live)."),
    ] = False,
    mend: Annotated[bool, typer.Option("--repair", help="Write the rows of TABLE_B, after showing them.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before repairing.")] = False,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="ROWS", min=1, help="Read at most so many rows a second.")
    ] = None,
    settle: Annotated[
        float, typer.Option("--settle", metavar="SECONDS", min=0.5, help="How long to look again at what is uncertain.")
    ] = SETTLE_S,
    show_content: ShowContent = False,
    capsule: Capsule = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJsonLines = False,
) -> None:
    """Compare two tables row by row; each missing, extra or different row with its attributes and its event.

    Against `live` the system may go on writing: each row is compared at its own position. Exit code 1 if anything
    differs.

    Example: `kaiwa replay rebuild --into again && kaiwa replay diff again live`
    """
    folds_on = at_positions or other == LIVE

    async def question(settings: ReplaySettings, bar: Bar) -> int:
        read_only = settings.read_only()
        log = await Log.open(read_only, *FOLDED, SUBMISSIONS, capsule=capsule)
        say_beginnings(await log.beginnings(FOLDED), as_json=as_json)
        name = settings.table if other == LIVE else other
        found: list[Difference] = []
        async with Table(read_only.of_table(base)) as a, Table(read_only.of_table(name)) as b:
            if await is_unfinished(a):
                again = f"run `kaiwa replay rebuild --into {base}` again"
                raise NotForRebuild(f"the rebuild of {base} has not ended: {again}")
            tail = Tail(log, a) if folds_on else None
            try:
                if tail is not None:
                    await tail.open()
                bar.phase(f"Comparing with {other}")
                walk = Diff(log, a, b, tail, settle_s=settle, pace=Pace(rate))
                async for one in walk.run():
                    await _show(log, one, len(found), show_content=show_content, as_json=as_json)
                    found += [one] if len(found) < REPAIRED_MOST else []
                _sum_up(other, walk.counted, as_json=as_json)
            finally:
                if tail is not None:
                    tail.close()
        if found and mend:
            return await _repair(settings.of_table(name), found, asks=not yes, as_json=as_json, bar=bar)
        return 1 if walk.counted.differences else 0

    ask(directory, question)


async def _show(log: Log, one: Difference, number: int, *, show_content: bool, as_json: bool) -> None:
    behind = await _told(log, one.behind, number)
    if as_json:
        say_json(one.data(show_content=show_content) | {"what": behind})
        return
    say(f"{one.kind:9}  {one.key.pk} | {one.key.sk}", style="red")
    for phrase in one.words(show_content=show_content):
        say(f"    {phrase}")
    if one.behind is not None:
        verb = "deleted by" if one.expected is None else "written by"
        say(f"    {verb} {one.behind}{': ' + behind if behind else ''}", style="dim")
    if one.claims is not None and one.claims != one.behind:
        said = await _told(log, one.claims, number) or "nothing there writes this row"
        say(f"    the row itself names {one.claims}: {said}", style="dim")


async def _told(log: Log, place: Place | None, number: int) -> str:
    if place is None or number >= EXPLAINED:
        return ""
    record = await log.record_at(place)
    return "" if record is None else f"{iso(record.timestamp)} {sentence(see(record), show_content=False)}"


def _sum_up(other: str, counted: Counted, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "type": "summary",
                "rows": counted.rows,
                "differences": counted.differences,
                "beforeHistory": counted.before_history,
                "unsettled": [f"{key.pk} | {key.sk}" for key in counted.unsettled],
            }
        )
        return
    said = "1 difference" if counted.differences == 1 else f"{counted.differences or 'no'} differences"
    say(f"{counted.rows:,} rows compared with {other}: {said}.")
    if counted.before_history:
        say(f"{counted.before_history:,} rows are older than the history that is left: not compared.", style="yellow")
    if counted.unsettled:
        say(f"{len(counted.unsettled):,} rows were not settled: their services are behind. Ask again.", style="yellow")


async def _repair(settings: ReplaySettings, found: list[Difference], *, asks: bool, as_json: bool, bar: Bar) -> int:
    if asks:
        bar.hide()
        if not typer.confirm(f"Write these {len(found)} rows of {settings.table}?", err=True):
            return 1
    moved = 0
    async with Table(settings) as writes:
        for one in found:
            outcome = await repair(writes, one)
            moved += outcome != "repaired"
            if as_json:
                say_json({"type": "repair", "PK": one.key.pk, "SK": one.key.sk, "outcome": outcome})
            else:
                say(f"{outcome}: {one.key.pk} | {one.key.sk}", style="green" if outcome == "repaired" else "yellow")
    if moved and not as_json:
        say(f"{moved} rows were changed by somebody meanwhile: compare again.", style="yellow")
    return 1 if moved else 0
