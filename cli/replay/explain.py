"""`kaiwa replay explain`: why a user did or did not get a message."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.cluster import DEFAULT_DIRECTORY
from cli.replay.asking import Bar, ask, say, say_beginnings, say_json
from cli.replay.options import AsJson, Capsule, Directory
from contracts.ids import is_id
from contracts.topics import CONNECTIONS, DELIVERIES, ROOMS, SUBMISSIONS
from replay.explain import TOPICS, Evidence, data_of_fates, fates, gather
from replay.log import Log
from replay.paragraph import paragraph
from replay.settings import ReplaySettings
from replay.subject import MessageSubject
from replay.timeline import NotFound, find_message

NEVER_ARRIVED = (
    "No submission in chat.submissions has the id {message}: it never reached Kafka, or it is another id. Who got an "
    "ACK has the message's id from it; who got ERROR UNAVAILABLE, or no answer, has to send it again."
)


def explain(
    message: Annotated[
        str, typer.Option("--message", metavar="ID", help="The message's id, or its submission's eventId.")
    ],
    user: Annotated[str, typer.Option("--user", metavar="ID", help="Who did, or did not, get it.")],
    room: Annotated[str | None, typer.Option("--room", metavar="ID", help="Its room: saves looking for it.")] = None,
    capsule: Capsule = None,
    directory: Directory = Path(DEFAULT_DIRECTORY),
    as_json: AsJson = False,
) -> None:
    """Tell in one paragraph why a user got a message or did not: accepted, decided, pushed where, fetched later.

    Exit code 1 if there is no such message.

    Example: `kaiwa replay explain --message 24e2ece2-0c38-5cf7-9ce0-33e221e3f3b9 --user bob`
    """
    if not is_id(user):
        raise typer.BadParameter(f"{user!r} cannot be an id")

    async def question(settings: ReplaySettings, bar: Bar) -> int:
        log = await Log.open(settings.read_only(), *TOPICS, capsule=capsule)
        say_beginnings(await log.beginnings((SUBMISSIONS, ROOMS, CONNECTIONS, DELIVERIES)), as_json=as_json)
        try:
            subject = MessageSubject(room, message) if room else await find_message(log, message, bar)
        except NotFound:
            return _never(message, as_json=as_json)
        bar.phase("Gathering")
        evidence = await gather(log, subject, user, bar)
        if evidence.asked is None and evidence.fact is None:
            return _never(message, as_json=as_json)
        _show(evidence, as_json=as_json)
        return 0

    ask(directory, question)


def _never(message: str, *, as_json: bool) -> int:
    text = NEVER_ARRIVED.format(message=message)
    if as_json:
        say_json({"messageId": message, "found": False, "text": text})
    else:
        say(text)
    return 1


def _show(evidence: Evidence, *, as_json: bool) -> None:
    if not as_json:
        say(paragraph(evidence))
        return
    say_json(
        {
            "messageId": evidence.message_id,
            "userId": evidence.user_id,
            "found": True,
            "accepted": None if evidence.asked is None else str(evidence.asked.place),
            "decided": None
            if evidence.fact is None
            else {"place": str(evidence.fact.place), "type": evidence.fact.kind},
            "participant": evidence.is_participant,
            "connections": data_of_fates(fates(evidence)),
            "readAt": None if evidence.read is None else str(evidence.read.place),
            "text": paragraph(evidence),
        }
    )
