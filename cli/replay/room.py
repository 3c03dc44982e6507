"""`kaiwa replay room`: a room as it was at some moment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.cluster import DEFAULT_DIRECTORY
from cli.replay.asking import Bar, ask, say, say_beginnings, say_json
from cli.replay.options import AsJson, Capsule, Directory, ShowContent, moment
from contracts.ids import is_id
from contracts.timestamps import iso
from replay.as_of import LAST_MESSAGES, TOPICS, Moment, RoomAsOf, room_as_of
from replay.log import Log
from replay.settings import ReplaySettings


def room(
    room_id: Annotated[str, typer.Argument(metavar="ID", help="The room.")],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="OFFSET|TIME", help="An offset of chat.submissions, or a time. Now, if left out."
        ),
    ] = None,
    last: Annotated[
        int, typer.Option("--last", min=0, max=1_000, help="So many of the last messages.")
    ] = LAST_MESSAGES,
    show_content: ShowContent = False,
    capsule: Capsule = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJson = False,
) -> None:
    """Show who was in a room, what they had read, where they were connected, and the last messages, as of then.

    Example: `kaiwa replay room lobby --as-of 2026-07-30T18:00:00Z`
    """
    if not is_id(room_id):
        raise typer.BadParameter(f"{room_id!r} cannot be an id")
    when = _moment(as_of)

    async def question(settings: ReplaySettings, bar: Bar) -> int:
        log = await Log.open(settings.read_only(), *TOPICS, capsule=capsule)
        say_beginnings(await log.beginnings(TOPICS), as_json=as_json)
        found = await room_as_of(log, room_id, when, bar, last_messages=last)
        if as_json:
            say_json(found.data(show_content=show_content))
        else:
            _show(found, show_content=show_content)
        return 0

    ask(directory, question)


def _moment(text: str | None) -> Moment:
    if text is not None and text.isdecimal():
        return Moment(offset=int(text))
    return Moment(time_ms=moment(text))


def _show(found: RoomAsOf, *, show_content: bool) -> None:
    room = found.room
    say(
        f"{room.chat_room_id} “{room.name}” as of {iso(found.time_ms)} (chat.submissions offset {found.fence.position})"
    )
    say(f"created by {room.created_by} at {room.created_at}; {found.fence.seq} messages")
    table = Table("participant", "name", "status", "has read", "unread", "connections", box=None, pad_edge=False)
    for one in found.people:
        data = one.data(found.fence.seq)
        where = ", ".join(f"{each.connection_id} ({each.gateway_id})" for each in one.connections) or "none"
        table.add_row(
            one.user_id,
            str(data["displayName"] or ""),
            str(data["verificationStatus"] or "no profile"),
            str(data["lastReadSeq"]),
            str(data["unread"]),
            where,
        )
    Console(highlight=False, width=140).print(table)
    for message in found.data(show_content=show_content)["lastMessages"]:
        say(f"{message['seq']:>6}  {message['createdAt']}  {message['senderId']}: {message['content']}")
