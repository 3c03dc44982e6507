"""`kaiwa replay capsule`: a slice of all topics in one file, and its import into a local cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chassis.log_id import log_id
from chassis.topic_ids import topic_ids
from cli.cluster import DEFAULT_DIRECTORY
from cli.replay.asking import Bar, ask, say, say_json
from cli.replay.options import AsJson, Directory, From, To, moment
from contracts.ids import is_id
from contracts.topics import TOPICS
from replay.capsule.export import export as export_file
from replay.capsule.export import manifest_of
from replay.capsule.importing import import_capsule
from replay.capsule.selection import Selection, of_room, of_user, of_window
from replay.log import Log
from replay.settings import ReplaySettings
from replay.timeline import Window

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="A slice of all topics in one file: taken from one cluster, asked in another.",
)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it goes, for example complaint.kaiwa.")],
    room: Annotated[str | None, typer.Option("--room", metavar="ID", help="One room, and whom it names.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="One user, and all their rooms.")] = None,
    since: From = None,
    to: To = None,
    with_content: Annotated[bool, typer.Option("--with-content", help="Also what people wrote.")] = False,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJson = False,
) -> None:
    """Write what is needed to reproduce a complaint into a file; what people wrote is left out unless asked for.

    With --from and --to alone: every room and user of whom the log tells something then, with their past.

    Example: `kaiwa replay capsule export --room lobby complaint.kaiwa`
    """
    window = Window(moment(since), moment(to))
    if (room is not None) + (user is not None) > 1 or (room is user is None and window == Window()):
        raise typer.BadParameter("name one of --room and --user, or a time with --from and --to")
    if not all(is_id(one) for one in (room, user) if one is not None):
        raise typer.BadParameter("that cannot be an id")

    async def question(settings: ReplaySettings, bar: Bar) -> int:
        log = await Log.open(settings.read_only(), *TOPICS)
        bar.phase("Selecting")
        selection = await _selection(log, room, user, window, bar)
        ids = log_id(await topic_ids(settings.read_only())).topics
        manifest = await manifest_of(log, selection, contents=with_content, topic_ids=ids)
        bar.phase("Writing")
        count = await export_file(log, selection, manifest, file, bar)
        if as_json:
            rooms, users = len(selection.rooms), len(selection.users)
            say_json({"file": str(file), "records": count, "rooms": rooms, "users": users, "contents": with_content})
        else:
            said = "with" if with_content else "without"
            size = file.stat().st_size
            say(f"{file}: {count:,} records of {selection.about}, {said} what people wrote, {size:,} bytes.")
        return 0

    ask(directory, question)


async def _selection(log: Log, room: str | None, user: str | None, window: Window, bar: Bar) -> Selection:
    if room is not None:
        made = await of_room(log, room, bar)
    elif user is not None:
        made = await of_user(log, user, bar)
    else:
        made = await of_window(log, window, "all that happened in a time", bar)
    made.to_ms = window.to_ms
    return made


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The capsule.")],
    name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="How commands will name it; the file's name if left out.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of one of that name.")] = False,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJson = False,
) -> None:
    """Put a capsule into topics of its own; afterwards every command of replay takes `--capsule NAME`.

    No service reads these topics: nothing is decided again, no client hears of it, and no table changes.

    Example: `kaiwa replay capsule import complaint.kaiwa --as complaint`
    """
    named = name or file.name.partition(".")[0]

    async def question(settings: ReplaySettings, bar: Bar) -> int:
        bar.phase("Importing")
        manifest, count = await import_capsule(settings, file, named, bar, replace=replace)
        if as_json:
            say_json({"capsule": named, "records": count, "about": manifest.about, "madeAt": manifest.made_at})
        else:
            say(f"{named}: {count:,} records of {manifest.about}, made {manifest.made_at}.")
            say(f"Ask it, for example: kaiwa replay timeline --capsule {named} …")
        return 0

    ask(directory, question)
