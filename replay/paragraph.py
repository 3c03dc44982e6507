"""The evidence on a message and a user, as one paragraph for people. Pure."""

from contracts.connections import ConnectionRef, Disconnected, Retired
from contracts.facts import MessagePosted, MessageRejected
from contracts.submissions import SendMessage
from contracts.timestamps import iso
from replay.explain import ConnectionFate, Evidence, fates
from replay.seen import Seen
from replay.words import why_dead


def paragraph(evidence: Evidence) -> str:
    """What happened, in order, and why the user has the message or has not."""
    parts = [_accepted(evidence), _decided(evidence)]
    if evidence.posted is not None:
        parts += [_membership(evidence), *_connections(evidence), _later(evidence)]
    return " ".join(part for part in parts if part)


def _accepted(evidence: Evidence) -> str:
    seen = evidence.asked
    if seen is None or not isinstance(seen.event, SendMessage):
        return f"The submission of message {evidence.message_id} is not in the log any more."
    through = seen.event.connection
    via = f" through {through.gateway_id}" if isinstance(through, ConnectionRef) else " through the HTTP API"
    again = f" It was sent again {len(evidence.again)} times; that changed nothing." if evidence.again else ""
    return (
        f"Message {evidence.message_id} of {seen.event.sender_id} to {seen.event.chat_room_id} was accepted at"
        f" {iso(seen.record.timestamp)}{via} ({seen.place}).{again}"
    )


def _decided(evidence: Evidence) -> str:
    seen = evidence.fact
    if seen is None and evidence.dead is not None:
        return f"It was put aside as bad in itself ({evidence.dead.place}): {why_dead(evidence.dead.record)}"
    if seen is None:
        return "It is not decided yet: no fact in chat.rooms answers it. Look at persistence (`kaiwa status`)."
    if isinstance(seen.event, MessageRejected):
        return _rejected(evidence, seen.event, f"{iso(seen.record.timestamp)} ({seen.place})")
    if isinstance(seen.event, MessagePosted):
        return f"It was posted as number {seen.event.seq} at {iso(seen.record.timestamp)} ({seen.place})."
    return ""


def _rejected(evidence: Evidence, fact: MessageRejected, at: str) -> str:
    told, dead = fact.connection, evidence.dead
    whom = f"{told.connection_id} at {told.gateway_id} alone was told" if isinstance(told, ConnectionRef) else _NOBODY
    said = [f"It was refused with {fact.code} at {at}, so nobody but its sender hears of it: {whom}."]
    said += [_WHY[fact.code]] if fact.code in _WHY else []
    said += [f"It had been put aside ({dead.place}): {why_dead(dead.record)}"] if dead else []
    return " ".join(said)


_NOBODY = "nobody was told"
_WHY = {
    "VERIFICATION_REQUIRED": "The sender's profile was not approved then.",
    "NOT_A_PARTICIPANT": "The sender was not in the room then, or there was no such room.",
    "INTERNAL": "The record was bad in itself.",
}


def _membership(evidence: Evidence) -> str:
    if evidence.is_participant:
        return ""
    user = evidence.user_id
    if evidence.removed_before is not None:
        return f"{user} had been removed from the room at {evidence.removed_before}, so it was not for them."
    return f"{user} was not in the room then, so it was not for them."


def _connections(evidence: Evidence) -> list[str]:
    if not evidence.is_participant:
        return []
    found = fates(evidence)
    if not found:
        return [f"{evidence.user_id} had no connection open then, so nothing was pushed to them.", _last_end(evidence)]
    had = f"{evidence.user_id} had {len(found)} connection{'' if len(found) == 1 else 's'} to be told:"
    return [had, *(f"{_words(one)}{';' if one is not found[-1] else '.'}" for one in found)]


def _last_end(evidence: Evidence) -> str:
    """When the user's last connection before the message had ended."""
    fact = evidence.fact
    before = [one for one in evidence.closings.values() if fact and one.record.timestamp <= fact.record.timestamp]
    if not before:
        return ""
    last = max(before, key=lambda one: one.record.timestamp)
    return f"The last one before had ended at {iso(last.record.timestamp)} ({last.place}): {_how(last)}."


def _how(seen: Seen) -> str:
    event = seen.event
    if isinstance(event, Disconnected):
        return f"{event.connection_id} at {event.gateway_id}, {event.code} “{event.reason}”"
    return f"{event.connection_id} at {event.gateway_id}, {event.cause}" if isinstance(event, Retired) else ""


def _words(one: ConnectionFate) -> str:
    return f"{one.connection_id} at {one.gateway_id}: {one.fate}, {one.why}"


def _later(evidence: Evidence) -> str:
    if not evidence.is_participant:
        return ""
    if evidence.read is not None:
        at = f"{iso(evidence.read.record.timestamp)} ({evidence.read.place})"
        return f"Their read mark passed it at {at}: a client of theirs had it."
    if evidence.came_later:
        at = iso(evidence.came_later[0].timestamp)
        return f"No read mark has passed it. They connected again at {at}: a client fetches then what it missed."
    return "No read mark of theirs has passed it, and they have not connected again since."
