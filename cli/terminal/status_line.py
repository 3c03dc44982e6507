"""The lines around the prompt: drafts on their way above it, who is there and who types below it. Pure."""

from __future__ import annotations

from cli.terminal.conversation import Conversation
from cli.terminal.outbox import Draft
from cli.terminal.render import DIM, PROBLEM, Line, colour
from cli.terminal.words import printable, several

EXCERPT = 60
MOST_DRAFTS = 5


def draft_lines(drafts: tuple[Draft, ...], chat_room_id: str) -> list[Line]:
    """A line for each draft: its text and how far it is; of many, the oldest."""
    shown = [
        [(DIM, f"  {excerpt(draft.content)}  … {_where(draft, chat_room_id)}{draft.state.value}\n")]
        for draft in drafts[:MOST_DRAFTS]
    ]
    more = len(drafts) - MOST_DRAFTS
    return [*shown, [(DIM, f"  … and {more} more\n")]] if more > 0 else shown


def prompt_line(me: str) -> Line:
    """What stands before the cursor."""
    return [(colour(me), me), (DIM, " ❯ ")]


def status(conversation: Conversation, now: float, *, connected: bool, retry_at: float | None) -> Line:
    """One line: the room, the connection if it is down, who is online, types, has read, what is new elsewhere."""
    people = conversation.people
    parts: Line = [("bold", f" {conversation.chat_room_id} ")]
    if not connected:
        parts.append((PROBLEM, f" {_away(now, retry_at)} "))
    elif not conversation.timeline.whole:
        parts.append((DIM, " catching up… "))
    names = [people.name(user_id) for user_id in people.online if user_id != conversation.me]
    parts.append(("", f" {several(names, 5)} online " if names else " nobody else is online "))
    if typing := [people.name(user_id) for user_id in people.typing_at(now)]:
        parts.append(("italic", f" {several(typing)} {'is' if len(typing) == 1 else 'are'} typing… "))
    elif readers := _readers(conversation):
        parts.append((DIM, f" read by {several(readers)} "))
    if conversation.elsewhere:
        parts.append(("bold", f" {_elsewhere(conversation.elsewhere)} "))
    return [(style, printable(text).replace("\n", " ")) for style, text in parts]


def excerpt(content: str) -> str:
    """The beginning of a message, on one line."""
    line = " ".join(printable(content).split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"


def _where(draft: Draft, chat_room_id: str) -> str:
    return "" if draft.chat_room_id == chat_room_id else f"{draft.chat_room_id}: "


def _away(now: float, retry_at: float | None) -> str:
    if retry_at is None:
        return "connecting…"
    return f"not connected, next try in {max(0, round(retry_at - now))} s"


def _readers(conversation: Conversation) -> list[str]:
    last, people = conversation.timeline.last, conversation.people
    if last is None:
        return []
    return [people.name(user_id) for user_id in people.readers(last.seq) if user_id != last.sender_id]


def _elsewhere(rooms: dict[str, int]) -> str:
    return ", ".join(f"{count} new in {room}" for room, count in sorted(rooms.items()))
