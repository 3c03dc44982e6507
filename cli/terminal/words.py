"""Codes in plain words, and text made fit for a terminal. Pure."""

from __future__ import annotations

import unicodedata

from contracts.server_frames import ErrorFrame, VerificationRequiredFrame

_ERRORS = {
    "INVALID_MESSAGE": "the server cannot read it ({message})",
    "NOT_A_PARTICIPANT": "you are not in this room (any more)",
    "UNAVAILABLE": "the server cannot take it just now",
    "THROTTLED": "you are writing too fast",
    "INVALID_TOKEN": "the token was not accepted ({message})",
    "TOO_LARGE": "it is too long",
    "INTERNAL": "something went wrong on the server",
}


def printable(text: str) -> str:
    """`text` without what would act on a terminal: control characters (but line ends) and reversed writing.

    Others choose this text; an escape sequence in it could retitle the window or rewrite earlier lines.
    """
    return "".join(_printable(character) for character in text.replace("\r\n", "\n").replace("\t", "    "))


def _printable(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in {"Cc", "Cs"}:
        return "" if character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" else character
    return "\N{REPLACEMENT CHARACTER}"


def refusal(frame: ErrorFrame | VerificationRequiredFrame) -> str:
    """Why, to be read after "not sent: …"."""
    if isinstance(frame, VerificationRequiredFrame):
        return f"your profile is not verified yet, so you can read but not write here. The server says: {frame.message}"
    return _ERRORS.get(frame.code, "{message}").format(message=frame.message)


def several(names: list[str], most: int = 3) -> str:
    """`alice`, `alice and bob`, `alice, bob and 4 others`."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} others"]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
