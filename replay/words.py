"""Events in words and as plain data, with what people wrote left out unless it is asked for. Pure."""

from typing import Any

import msgspec

from chassis.records import Record
from contracts import facts as told
from contracts.connections import Connected, ConnectionRef, Disconnected, Retired
from contracts.controls import CloseConnection, EpochLapsed, SessionsRevoked
from contracts.deliveries import Pushed
from contracts.envelope import Event
from contracts.gateways import Stopped
from contracts.headers import DEAD_ERROR, DEAD_ERROR_CODE, REDRIVEN, SETTLED, SETTLED_LETTER
from contracts.presence import PresenceChanged
from contracts.signals import Typing
from contracts.submissions import AddParticipants, CreateRoom, MarkRead, RemoveParticipant, SendMessage, Submission
from contracts.topics import DEAD_LETTERS
from contracts.users import ProfileUpdated
from replay.seen import DEAD_LETTER, SETTLED_DEAD_LETTER, Seen, dead_place

CONTENT = frozenset({"content", "lastMessage"})
"""Attributes of events and rows that hold what people wrote."""
NAMES_SHOWN = 8


def hidden(text: str) -> str:
    """What stands in place of a text."""
    return f"({len(text)} characters)"


def data_of(seen: Seen, *, show_content: bool) -> dict[str, Any] | None:
    """The event as JSON holds it; None for what cannot be read."""
    if seen.event is None:
        return None
    plain: dict[str, Any] = msgspec.to_builtins(seen.event)
    return plain if show_content else {name: _shown(name, value) for name, value in plain.items()}


def _shown(name: str, value: Any) -> Any:
    return hidden(value) if name in CONTENT and isinstance(value, str) else value


def sentence(seen: Seen, *, show_content: bool) -> str:
    """What happened, in a line."""
    was_redriven = seen.record.header(REDRIVEN) is not None and seen.record.topic != DEAD_LETTERS.name
    again = " (put back from chat.dead-letters)" if was_redriven else ""
    if seen.event is None:
        return _unread(seen) + again
    return _of_event(seen.event, show_content) + again


def names(people: "tuple[str, ...] | list[str]", most: int = NAMES_SHOWN) -> str:
    """Some of these, and how many more."""
    shown = ", ".join(people[:most])
    return shown if len(people) <= most else f"{shown} and {len(people) - most} more"


def _unread(seen: Seen) -> str:
    if seen.kind == SETTLED_DEAD_LETTER:
        state, which = (seen.record.header(name) or b"" for name in (SETTLED, SETTLED_LETTER))
        return f"dead letter {which.decode('utf-8', 'replace')} was {state.decode('utf-8', 'replace')}"
    if seen.kind != DEAD_LETTER:
        return f"cannot be read: {seen.problem}"
    return f"put aside from {dead_place(seen.record)}: {why_dead(seen.record)}"


def why_dead(record: Record) -> str:
    """The reason that a dead letter carries."""
    return (record.header(DEAD_ERROR) or record.header(DEAD_ERROR_CODE) or b"unknown").decode("utf-8", "replace")


def _of_event(event: Event, show_content: bool) -> str:
    for speak in (_of_submission, _of_fact, _of_connection, _of_rest):
        if (said := speak(event, show_content)) is not None:
            return said
    return type(event).__name__


def _of_submission(event: Event, show_content: bool) -> str | None:
    match event:
        case SendMessage():
            key = f", key {event.client_message_id}" if isinstance(event.client_message_id, str) else ""
            return f"{event.sender_id} sends {_text(event.content, show_content)}{key}{_through(event)}"
        case CreateRoom():
            return f"{event.requested_by} asks for the room “{event.name}” with {names(event.participant_ids)}"
        case AddParticipants():
            return f"{event.requested_by} adds {names(event.user_ids)}{' as admin' if event.by_admin else ''}"
        case RemoveParticipant():
            return f"{event.requested_by} removes {event.user_id}{' as admin' if event.by_admin else ''}"
        case MarkRead():
            return f"{event.user_id} has read up to {event.seq}{_through(event)}"
    return None


def _of_fact(event: Event, show_content: bool) -> str | None:  # noqa: PLR0911 - a line for each event
    match event:
        case told.MessagePosted():
            text = _text(event.content, show_content)
            return f"message {event.seq} of {event.sender_id} posted, {text}, id {event.message_id}"
        case told.MessageRejected():
            return f"message of {event.sender_id} refused: {event.code}{_told(event.connection)}"
        case told.RoomCreated():
            return f"room “{event.name}” created by {event.created_by} with {names(event.participant_ids)}"
        case told.ParticipantsAdded():
            return f"{event.added_by} added {names(event.user_ids)}: {event.participant_count} participants"
        case told.ParticipantRemoved():
            return f"{event.removed_by} removed {event.user_id}: {event.participant_count} participants"
        case told.MessagesRead():
            return f"{event.user_id}'s read mark stands at {event.seq}"
        case told.CommandRejected():
            return f"{event.command} of {event.requested_by} refused: {event.code}{_told(event.connection)}"
        case told.NothingChanged():
            first = f", the message is {event.message_id}" if isinstance(event.message_id, str) else ""
            return f"{event.command}: it was already so{first}"
    return None


def _of_connection(event: Event, _show_content: bool) -> str | None:
    match event:
        case Connected():
            wanted = f", features {', '.join(event.features)}" if event.features else ""
            return (
                f"{event.user_id} connected at {event.gateway_id} (epoch {event.epoch}): {event.connection_id}{wanted}"
            )
        case Disconnected():
            ended = f"{event.connection_id}, {event.code} “{event.reason}”"
            return f"{event.user_id} disconnected from {event.gateway_id}: {ended}"
        case Retired():
            return f"{event.user_id}'s connection {event.connection_id} at {event.gateway_id} retired: {event.cause}"
        case PresenceChanged():
            count = len(event.connections)
            some = "1 connection" if count == 1 else f"{count} connections"
            return f"{event.user_id} {event.status}, {some} open (as of chat.connections offset {event.position})"
        case CloseConnection():
            order = f"{event.connection_id} of {event.user_id}: {event.code} “{event.reason}”"
            return f"{event.gateway_id} is to close {order}"
    return None


def _of_rest(event: Event, _show_content: bool) -> str | None:  # noqa: PLR0911 - a line for each event
    match event:
        case Pushed():
            return _of_push(event)
        case ProfileUpdated():
            return f"profile of {event.user_id} changed by {event.updated_by}{_profile(event)}"
        case Typing():
            return f"{event.user_id} is typing"
        case SessionsRevoked():
            return f"sessions of {event.user_id} revoked"
        case EpochLapsed():
            return f"{event.gateway_id} (epoch {event.epoch}) has lapsed"
        case Stopped():
            return f"{event.gateway_id} (epoch {event.epoch}) stopped"
    return None


def _of_push(event: Pushed) -> str:
    most = max((one.connections for one in event.messages), default=0)
    what = "1 message" if len(event.messages) == 1 else f"{len(event.messages)} messages"
    missed = [
        f"{len(some)} {word}: {names(some)}"
        for word, some in (("gone", event.gone), ("slow", event.slow), ("dropped", event.dropped))
        if some
    ]
    end = f"; {'; '.join(missed)}" if missed else ", all taken"
    whom = "1 connection" if most == 1 else f"{most} connections"
    return f"{event.gateway_id} (epoch {event.epoch}) was pushed {what} for {whom}{end}"


def _profile(event: ProfileUpdated) -> str:
    said = [value for value in (event.verification_status, event.display_name) if isinstance(value, str)]
    unless = " unless there is one" if event.only_if_absent else ""
    return f": {', '.join(said)}{unless}" if said or unless else ""


def _text(text: str, show_content: bool) -> str:
    return f"“{text}”" if show_content else f"{len(text)} characters"


def _through(event: Submission) -> str:
    connection = event.connection
    return (
        f" through {connection.connection_id} at {connection.gateway_id}"
        if isinstance(connection, ConnectionRef)
        else ""
    )


def _told(connection: object) -> str:
    return f"; told to {connection.connection_id}" if isinstance(connection, ConnectionRef) else ""
