"""Messages as styled lines: local times, a line for each new day, a colour for each person. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, tzinfo

from cli.terminal.words import printable
from contracts.server_frames import MessageFrame

Fragment = tuple[str, str]
"""A style (prompt_toolkit's words: `fg:ansigreen bold`) and a text."""
Line = list[Fragment]

DIM = "fg:ansibrightblack"
NOTICE = "fg:ansibrightblack italic"
PROBLEM = "fg:ansired"
# Readable on dark and on light grounds alike; grey is for what nobody said.
_COLOURS = ("ansicyan", "ansigreen", "ansimagenta", "ansiyellow", "ansiblue", "ansibrightred")


def colour(user_id: str) -> str:
    """The style of a person's name: the same in every room and at every start."""
    return f"fg:{_COLOURS[zlib.crc32(user_id.encode()) % len(_COLOURS)]} bold"


def message_lines(message: MessageFrame, name: str, zone: tzinfo | None = None) -> list[Line]:
    """`09:41 alice  hello`; further lines of the content stand under its first."""
    clock = f"{_local(message.timestamp, zone):%H:%M} "
    shown_name = printable(name).replace("\n", " ")
    first, *rest = printable(message.content).split("\n")
    indent = " " * (len(clock) + len(shown_name) + 2)
    head: Line = [(DIM, clock), (colour(message.sender_id), shown_name), ("", f"  {first}")]
    return [head, *([("", f"{indent}{line}")] for line in rest)]


def day_line(before: MessageFrame | None, message: MessageFrame, zone: tzinfo | None = None) -> Line | None:
    """A separator if `message` is the first of its (local) day."""
    day = _local(message.timestamp, zone).date()
    if before is not None and _local(before.timestamp, zone).date() == day:
        return None
    return [(DIM, f"──── {day:%A}, {day.day} {day:%B %Y} ────")]


def notice_line(text: str) -> Line:
    """Something that the program, not a person, says."""
    return [(NOTICE, f"· {printable(text)}")]


def problem_line(text: str) -> Line:
    """Something that went wrong."""
    return [(PROBLEM, f"✗ {printable(text)}")]


def plain(lines: Sequence[Line]) -> str:
    """Lines without their styles, one a line."""
    return "\n".join("".join(text for _, text in line) for line in lines)


def _local(timestamp: int, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(timestamp / 1000, tz=zone).astimezone(zone)
