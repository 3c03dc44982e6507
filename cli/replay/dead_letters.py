"""`kaiwa replay dead-letters`: records that were put aside, and what becomes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from chassis.publisher import Publisher
from cli.cluster import DEFAULT_DIRECTORY
from cli.replay.asking import Bar, ask, say, say_beginnings, say_json
from cli.replay.options import AsJson, AsJsonLines, Capsule, Directory, ShowContent
from contracts.timestamps import iso
from contracts.topics import DEAD_LETTERS, TOPICS
from replay.dead_letters import Letter, discard, letter, letters, redrive
from replay.log import Log
from replay.settings import ReplaySettings
from replay.words import why_dead

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Records that were put aside, why, and putting them back or doing without them.",
)
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="PARTITION/OFFSET, as `list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="All that are open.")]
Code = Annotated[
    str | None, typer.Option("--code", metavar="CODE", help="With --all: only those with this error code.")
]


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also those that were redriven or discarded.")] = False,
    capsule: Capsule = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJsonLines = False,
) -> None:
    """List the records that were put aside and still wait for somebody.

    Example: `kaiwa replay dead-letters list --json`
    """

    async def question(settings: ReplaySettings, _bar: Bar) -> int:
        log = await Log.open(settings.read_only(), DEAD_LETTERS, capsule=capsule)
        say_beginnings(await log.beginnings((DEAD_LETTERS,)), as_json=as_json)
        count = 0
        async for one in letters(log):
            if every or one.state == "open":
                count += 1
                _line(one, as_json=as_json)
        if not count and not as_json:
            say("No dead letters." if every else "No dead letters are open.")
        return 0

    ask(directory, question)


@app.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="PARTITION/OFFSET, as `list` shows them.")],
    show_content: ShowContent = False,
    capsule: Capsule = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJson = False,
) -> None:
    """Show one record that was put aside: where it stood, what is wrong with it, and with --show-content all of it.

    Example: `kaiwa replay dead-letters show 3/17 --show-content`
    """

    async def question(settings: ReplaySettings, _bar: Bar) -> int:
        log = await Log.open(settings.read_only(), DEAD_LETTERS, capsule=capsule)
        data = (await letter(log, letter_id)).data(show_content=show_content)
        if as_json:
            say_json(data)
        else:
            for name, value in data.items():
                if value is not None:
                    say(f"{name:8} {value}")
        return 0

    ask(directory, question)


@app.command("redrive")
def redrive_(
    ids: Ids = None,
    every: All = False,
    code: Code = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJsonLines = False,
) -> None:
    """Put records back on their topics, untouched, with a header that says so; safe to do twice.

    Example: `kaiwa replay dead-letters redrive 3/17`, or `… redrive --all --code UNDECODABLE`
    """

    async def put_back(log: Log, publisher: Publisher, one: Letter) -> str:
        return await redrive(log, publisher, one)

    _each(directory, put_back, ids, every=every, code=code, as_json=as_json)


@app.command("discard")
def discard_(
    ids: Ids = None,
    every: All = False,
    code: Code = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJsonLines = False,
) -> None:
    """Note that nobody wants these records back: `list` shows them no more, retention takes them.

    Example: `kaiwa replay dead-letters discard 3/17`
    """

    async def do_without(_log: Log, publisher: Publisher, one: Letter) -> str:
        return await discard(publisher, one)

    _each(directory, do_without, ids, every=every, code=code, as_json=as_json)


def _each(
    directory: Path,
    act: Callable[[Log, Publisher, Letter], Awaitable[str]],
    ids: list[str] | None,
    *,
    every: bool,
    code: str | None,
    as_json: bool,
) -> None:
    """Do it to each letter that was named, and say what came of it."""

    async def question(settings: ReplaySettings, _bar: Bar) -> int:
        log = await Log.open(settings, *TOPICS)
        async with Publisher(settings, name="kaiwa-replay") as publisher:
            async for one in _chosen(log, ids, every=every, code=code):
                _done(one, await act(log, publisher, one), as_json=as_json)
        return 0

    if bool(ids) == every:
        raise typer.BadParameter("name letters by their ids, or all of them with --all")
    ask(directory, question)


async def _chosen(log: Log, ids: list[str] | None, *, every: bool, code: str | None) -> AsyncIterator[Letter]:
    for letter_id in ids or ():
        yield await letter(log, letter_id)
    if every:
        async for one in letters(log):
            if one.state == "open" and code in {None, one.error_code}:
                yield one


def _line(one: Letter, *, as_json: bool) -> None:
    if as_json:
        say_json(one.data(show_content=False))
        return
    origin = "from an unknown place" if one.origin is None else f"from {one.origin}"
    style = "red" if one.state == "open" else "dim"
    say(f"{one.id:>8}  {iso(one.record.timestamp)}  {one.state}  {origin}  {why_dead(one.record)}", style=style)


def _done(one: Letter, outcome: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"id": one.id, "outcome": outcome})
    else:
        say(f"{outcome}: {one.id}{'' if one.origin is None else f' ({one.origin})'}")
