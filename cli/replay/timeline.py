"""`kaiwa replay timeline`: everything about a room, a user, a connection or a message."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.cluster import DEFAULT_DIRECTORY
from cli.replay.asking import Bar, ask, say, say_beginnings, say_json
from cli.replay.options import AsJsonLines, Capsule, Directory, From, ShowContent, To, moment
from contracts.ids import is_connection_id, is_id
from contracts.timestamps import iso
from contracts.topics import SIGNALS, TOPICS
from replay.log import Log
from replay.settings import ReplaySettings
from replay.subject import ConnectionSubject, RoomSubject, Subject, UserSubject
from replay.timeline import Line, Window, find_message
from replay.timeline import timeline as lines_of
from replay.words import names, sentence

NOTHING = "Nothing in the log is about it{when}."
RECEIVERS_SHOWN = 6


def timeline(
    room: Annotated[str | None, typer.Option("--room", metavar="ID", help="All about a room.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="All about a user.")] = None,
    connection: Annotated[
        str | None, typer.Option("--connection", metavar="ID", help="All about a connection.")
    ] = None,
    message: Annotated[
        str | None,
        typer.Option("--message", metavar="ID", help="All about a message (its id, or its submission's eventId)."),
    ] = None,
    since: From = None,
    to: To = None,
    show_content: ShowContent = False,
    capsule: Capsule = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJsonLines = False,
) -> None:
    """Show every event about something, across all topics, in causal order.

    Each with its place (topic/partition/offset), the rows it wrote, and to whom it was pushed. Reads topics only.

    Example: `kaiwa replay timeline --room lobby --from 15m`
    """
    asked = _subject(room=room, user=user, connection=connection, message=message)
    window = Window(moment(since), moment(to))

    async def question(settings: ReplaySettings, bar: Bar) -> int:
        log = await Log.open(settings.read_only(), *TOPICS, capsule=capsule)
        subject = asked if asked is not None else await find_message(log, str(message), bar)
        kept = [topic for topic in subject.topics if topic is not SIGNALS]
        say_beginnings(await log.beginnings(kept), as_json=as_json)
        count = 0
        bar.phase("Reading")
        async for line in lines_of(log, subject, window, bar):
            count += 1
            _show(line, show_content=show_content, as_json=as_json)
        if not count and not as_json:
            say(NOTHING.format(when="" if window == Window() else " in that time"))
        return 0 if count else 1

    ask(directory, question)


def _subject(*, room: str | None, user: str | None, connection: str | None, message: str | None) -> Subject | None:
    given = [one for one in (room, user, connection, message) if one is not None]
    if len(given) != 1:
        raise typer.BadParameter("name one of --room, --user, --connection and --message")
    if connection is not None and not is_connection_id(connection):
        raise typer.BadParameter(f"{connection!r} is no connection id: it has 16 characters, like L0SM9cOFvHcCIhw=")
    if not is_id(given[0]) and connection is None:
        raise typer.BadParameter(f"{given[0]!r} cannot be an id")
    if room is not None:
        return RoomSubject(room)
    if user is not None:
        return UserSubject(user)
    return None if connection is None else ConnectionSubject(connection)


def _show(line: Line, *, show_content: bool, as_json: bool) -> None:
    if as_json:
        say_json(line.data(show_content=show_content))
        return
    seen = line.seen
    say(f"{iso(seen.record.timestamp)}  {seen.place}  {sentence(seen, show_content=show_content)}")
    if line.table:
        say(
            f"    table: {'; '.join(str(effect) for effect in line.table[:8])}{_more(len(line.table) - 8)}", style="dim"
        )
    if line.receivers is not None:
        say(f"    for: {_receivers(line.receivers)}", style="cyan")


def _receivers(receivers: dict[str, list[str]]) -> str:
    there = [f"{user} ({', '.join(open_)})" for user, open_ in receivers.items() if open_]
    away = tuple(user for user, open_ in receivers.items() if not open_)
    shown = [
        *there[:RECEIVERS_SHOWN],
        *([f"{len(there) - RECEIVERS_SHOWN} more"] if len(there) > RECEIVERS_SHOWN else []),
    ]
    return f"{', '.join(shown) or 'nobody who is connected'}" + (f"; not connected: {names(away)}" if away else "")


def _more(count: int) -> str:
    return f"; and {count} more" if count > 0 else ""
