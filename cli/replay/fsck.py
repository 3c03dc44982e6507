"""`kaiwa replay fsck`: the invariants of the live table, once or again and again."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import start_http_server

from chassis.pace import Pace
from chassis.table import Table
from cli.cluster import DEFAULT_DIRECTORY
from cli.replay.asking import Bar, ask, say, say_beginnings, say_json
from cli.replay.options import AsJsonLines, Directory
from replay.fsck.check import READ, TOPICS, Fsck
from replay.log import Log
from replay.settings import ReplaySettings

GENTLE = 500.0
"""Rows a second: 125 read units of DynamoDB for rows of a kilobyte, about."""


def fsck(
    watch: Annotated[bool, typer.Option("--watch", help="Go on, round after round, until Ctrl-C.")] = False,
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=1, help="With --watch: between two rounds.")
    ] = 300.0,
    rate: Annotated[float, typer.Option("--rate", metavar="ROWS", min=1, help="So many rows a second.")] = GENTLE,
    metrics_port: Annotated[
        int | None, typer.Option("--metrics-port", min=1, max=65535, help="With --watch: /metrics there, on loopback.")
    ] = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJsonLines = False,
) -> None:
    """Check what must always hold of the live table, while it is being written.

    Both halves of each connection; LASTMESSAGE is the newest message; seq without gaps; every row has its event;
    no connection of a dead gateway older than 60 s; every fact has its message. Exit code 1 if one does not hold.

    Example: `kaiwa replay fsck --watch --metrics-port 9464`
    """

    async def question(settings: ReplaySettings, bar: Bar) -> int:
        read_only = settings.read_only()
        log = await Log.open(read_only, *TOPICS)
        say_beginnings(await log.beginnings(READ), as_json=as_json)
        if watch and metrics_port is not None:
            start_http_server(metrics_port, addr="127.0.0.1")
        async with Table(read_only) as reads:
            check = Fsck(log, reads, Pace(rate), bar)
            try:
                return await _rounds(check, bar, every if watch else None, as_json=as_json)
            finally:
                check.close()

    ask(directory, question)


async def _rounds(check: Fsck, bar: Bar, every_s: float | None, *, as_json: bool) -> int:
    while True:
        bar.phase("Checking")
        found = await _round(check, as_json=as_json)
        if every_s is None:
            return 1 if found else 0
        await asyncio.sleep(every_s)


async def _round(check: Fsck, *, as_json: bool) -> int:
    found: Counter[str] = Counter()
    async for one in check.round():
        found[one.invariant] += 1
        if as_json:
            say_json(one.data())
        else:
            say(f"{one.invariant}: {one.key.pk} | {one.key.sk}: {one.what}", style="red")
    if as_json:
        say_json({"type": "summary", "rows": check.rows, "events": check.facts, "violations": dict(found)})
    else:
        said = ", ".join(f"{count} {name}" for name, count in found.items()) or "all invariants hold"
        say(f"{check.rows:,} rows and {check.facts:,} events: {said}.")
        if check.before_history:
            say(f"{check.before_history:,} rows are older than the history that is left.", style="yellow")
    return found.total()
