"""`kaiwa replay shadow`: what a deploy would have changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.cluster import DEFAULT_DIRECTORY
from cli.replay.asking import Bar, ask, say, say_beginnings, say_json
from cli.replay.options import AsJsonLines, Capsule, Directory, From, ShowContent, To, moment
from contracts.topics import ROOMS, SUBMISSIONS, USERS
from replay.log import Log
from replay.settings import ReplaySettings
from replay.shadow.bench import Decides, Judged, Shadow
from replay.shadow.causes import Cause
from replay.shadow.code import OtherCode, unpacked
from replay.shadow.judge import Judge
from replay.timeline import Window

TOPICS = (SUBMISSIONS, ROOMS, USERS)


def shadow(
    since: From = None,
    to: To = None,
    code: Annotated[
        Path | None, typer.Option("--code", metavar="PATH", help="Decide with the code of this tree. It is run.")
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="REF", help="Decide with the code of this commit of this tree.")
    ] = None,
    show_content: ShowContent = False,
    capsule: Capsule = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJsonLines = False,
) -> None:
    """Decide recorded submissions again, and show every decision that differs from the recorded fact, by its cause.

    Each is decided in order, from the state of that time, by the code that runs this command, or by another's. Exit
    code 1 if anything differs.

    Example: `kaiwa replay shadow --from 2d --against HEAD~3`
    """
    if code is not None and against is not None:
        raise typer.BadParameter("name one of --code and --against")
    window = Window(moment(since), moment(to))

    async def question(settings: ReplaySettings, bar: Bar) -> int:
        read_only = settings.read_only()
        log = await Log.open(read_only, *TOPICS, capsule=capsule)
        say_beginnings(await log.beginnings(TOPICS), as_json=as_json)
        bar.phase("Deciding again")
        causes: dict[str, Cause] = {}
        with _judge(code, against) as decides:
            run = Shadow(log, decides, read_only.rules, bar)
            async for changed in run.run(window):
                causes.setdefault(changed.cause, Cause(changed.cause)).add(changed)
                if as_json:
                    say_json(changed.data(show_content=show_content))
        _sum_up(run.judged, list(causes.values()), as_json=as_json)
        return 1 if causes else 0

    ask(directory, question)


@contextmanager
def _judge(code: Path | None, against: str | None) -> Iterator[Decides]:
    if code is not None:
        with OtherCode(code) as other:
            yield other
    elif against is not None:
        with unpacked(against) as folder, OtherCode(Path(folder)) as other:
            yield other
    else:
        yield Judge()


def _sum_up(judged: Judged, causes: list[Cause], *, as_json: bool) -> None:
    ordered = sorted(causes, key=lambda cause: -cause.count)
    if as_json:
        found = {cause.name: cause.count for cause in ordered}
        counted = {"decided": judged.decided, "differ": judged.differ, "unanswered": judged.unanswered}
        say_json({"type": "summary", **counted, "causes": found})
        return
    for cause in ordered:
        say(f"{cause.count:>8,}  {cause.name}", style="red")
        for one in cause.examples:
            say(f"          {one.place}{': ' + one.problem if one.problem else ''}", style="dim")
    said = "none" if not judged.differ else f"{judged.differ:,}"
    say(f"{judged.decided:,} submissions were decided again; {said} would be decided otherwise.")
    if judged.unanswered:
        say(f"{judged.unanswered:,} have no fact yet, or never will (see dead-letters).", style="yellow")
    if judged.before_history:
        say(f"{len(judged.before_history):,} rooms began before history does: not decided again.", style="yellow")
