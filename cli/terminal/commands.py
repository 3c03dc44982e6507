"""What a typed line means: a message, or one of the commands. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.ids import is_id
from contracts.limits import CONTENT_CHARACTERS

HELP = {
    "/who": "who is in this room, and who is online",
    "/rooms": "your rooms, with what is unread",
    "/join ROOM": "go to another of your rooms",
    "/create ROOM [USER …]": "make a room with these people, and go there",
    "/add USER": "add somebody to this room",
    "/remove USER": "remove somebody from this room (yourself: leave it)",
    "/quit": "leave (Ctrl-D does too)",
    "/help": "this list; a message that begins with a slash: //like this",
}
ARGUMENTS = {"/who": 0, "/rooms": 0, "/join": 1, "/create": None, "/add": 1, "/remove": 1, "/quit": 0, "/help": 0}


@dataclass(frozen=True, slots=True)
class Say:
    """A message."""

    content: str


@dataclass(frozen=True, slots=True)
class Command:
    """`/name argument …`."""

    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that means nothing, and why."""

    why: str


def parse(line: str) -> Say | Command | Mistake | None:
    """The meaning of a line; None for a blank one. A message keeps its inner white space, not that around it."""
    text = line.strip()
    if not text:
        return None
    if text.startswith("/") and not text.startswith("//"):
        return _command(text.split())
    content = text[1:] if text.startswith("//") else text
    if len(content) > CONTENT_CHARACTERS:
        return Mistake(f"A message has at most {CONTENT_CHARACTERS:,} characters; this one has {len(content):,}.")
    return Say(content)


def _command(words: list[str]) -> Command | Mistake:
    name, arguments = words[0].lower(), tuple(words[1:])
    if name not in ARGUMENTS:
        return Mistake(f"There is no command {name}; /help lists them.")
    expected = ARGUMENTS[name]
    if len(arguments) != expected if expected is not None else not arguments:
        usage = next(line for line in HELP if line.split()[0] == name)
        return Mistake(f"It is used like this: {usage}")
    wrong = [argument for argument in arguments if not is_id(argument)]
    if wrong:
        return Mistake(f"{wrong[0]!r} is no name of a room or user: 1 to 64 of A-Z a-z 0-9 _ . @ : -")
    return Command(name, arguments)
