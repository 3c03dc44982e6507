"""What the conversation tells whoever shows it. Pure data."""

from __future__ import annotations

from dataclasses import dataclass

from cli.terminal.outbox import Draft
from contracts.server_frames import MessageFrame


@dataclass(frozen=True, slots=True)
class Shown:
    """The next message of the room; `draft` is the one it was, if it was typed here."""

    message: MessageFrame
    before: MessageFrame | None
    """The message shown before it."""
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A draft stands in its room, though not on the screen: yet, or because that shows another room."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class NotSent:
    """A draft was refused for good."""

    draft: Draft
    why: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something went wrong that is about no draft."""

    text: str


Happening = Shown | Posted | NotSent | Notice | Problem
