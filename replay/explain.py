"""Why a user did or did not get a message: the evidence of all topics in one paragraph (spec 12).

Delivered means: handed to the connection's outbox at its gateway, which fan-out was told. A fetch of the history is no
event; a read mark at or past the message is, and no client has one without having had the message.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.connections import Connected, Disconnected, Retired
from contracts.controls import EpochLapsed
from contracts.deliveries import Pushed
from contracts.facts import Fact, MessagePosted, MessageRejected, MessagesRead
from contracts.gateways import Stopped
from contracts.limits import CATCH_UP_OVERLAP_S
from contracts.presence import OpenConnection
from contracts.submissions import SendMessage
from contracts.timestamps import iso
from contracts.topics import CONNECTIONS, CONTROLS, DEAD_LETTERS, DELIVERIES, GATEWAYS, ROOMS, SUBMISSIONS
from replay.log import Log
from replay.merge import story
from replay.seen import Seen, connection_event
from replay.subject import MessageSubject
from replay.timeline import OnProgress
from replay.whereabouts import Membership, OpenConnections

TOPICS = (SUBMISSIONS, ROOMS, DELIVERIES, CONNECTIONS, GATEWAYS, CONTROLS, DEAD_LETTERS)
Fate = Literal["delivered", "gone", "slow", "dropped", "not yet known", "lost with its gateway"]


@dataclass(frozen=True, slots=True)
class ConnectionFate:
    """What became of the message at one connection, and how it is known."""

    connection_id: str
    gateway_id: str
    fate: Fate
    why: str


@dataclass(slots=True)
class Evidence:
    """What the topics tell of one message and one user."""

    message_id: str
    user_id: str
    asked: Seen | None = None
    again: list[Seen] = field(default_factory=list)
    fact: Seen | None = None
    dead: Seen | None = None
    is_participant: bool = False
    is_sender: bool = False
    was_ever_there: bool = False
    removed_before: str | None = None
    open_then: tuple[OpenConnection, ...] = ()
    came_later: list[OpenConnection] = field(default_factory=list)
    """Connections that began after the message: they catch up, or fetch."""
    pushes: list[Seen] = field(default_factory=list)
    closings: dict[str, Seen] = field(default_factory=dict)
    """By connection, the event that ended it."""
    ended_epochs: dict[str, str] = field(default_factory=dict)
    read: Seen | None = None
    """The first read mark of the user at or past the message."""

    @property
    def posted(self) -> MessagePosted | None:
        """The message, if it was posted."""
        event = None if self.fact is None else self.fact.event
        return event if isinstance(event, MessagePosted) else None


async def gather(log: Log, subject: MessageSubject, user_id: str, on_progress: OnProgress) -> Evidence:
    """Read all that concerns the message and the user."""
    evidence, membership = Evidence(subject.message_id, user_id), Membership()
    connections = OpenConnections([user_id])
    async for seen in _events(log, subject, user_id, on_progress):
        _weigh(evidence, seen, subject, membership, connections)
    return evidence


async def _events(log: Log, subject: MessageSubject, user_id: str, on_progress: OnProgress) -> AsyncIterator[Seen]:
    room, user = subject.chat_room_id.encode(), user_id.encode()
    parts = [log.part_of(topic, subject.chat_room_id) for topic in (SUBMISSIONS, ROOMS, DELIVERIES, DEAD_LETTERS)]
    parts += [log.part_of(CONNECTIONS, user_id), *log.parts(GATEWAYS, CONTROLS)]
    spans = await log.between(parts)
    total = sum(len(span) for span in spans.values())
    names = {GATEWAYS.name, CONTROLS.name}

    def keep(key: bytes | None, value: bytes | None) -> bool:
        return key in {room, user} or (value is not None and (b'"stopped"' in value or b'"epochLapsed"' in value))

    def wanted(seen: Seen) -> bool:
        return seen.record.topic in names or seen.key in {subject.chat_room_id, user_id}

    async for seen in story(log, spans, keep, wanted, lambda read: on_progress(read, total)):
        yield seen


def _weigh(
    evidence: Evidence, seen: Seen, subject: MessageSubject, membership: Membership, connections: OpenConnections
) -> None:
    event = seen.event
    if isinstance(event, Stopped | EpochLapsed):
        word = "stopped" if isinstance(event, Stopped) else "lapsed"
        evidence.ended_epochs[event.epoch] = f"its epoch {word} at {iso(seen.record.timestamp)}"
    received = connection_event(seen)
    if received is not None:
        _weigh_connection(evidence, seen)
        connections.apply(received)
        return
    if seen.key != subject.chat_room_id:
        return
    if isinstance(event, Fact):
        membership.apply(event)
        _weigh_membership(evidence, seen, membership)
    if subject.concerns(seen):
        _weigh_message(evidence, seen, connections)
    if isinstance(event, MessagesRead) and event.user_id == evidence.user_id:
        _weigh_read(evidence, event, seen)


def _weigh_connection(evidence: Evidence, seen: Seen) -> None:
    event = seen.event
    if isinstance(event, Disconnected | Retired) and event.user_id == evidence.user_id:
        evidence.closings.setdefault(event.connection_id, seen)
    if isinstance(event, Connected) and event.user_id == evidence.user_id and evidence.posted is not None:
        evidence.came_later.append(
            OpenConnection(
                connection_id=event.connection_id,
                gateway_id=event.gateway_id,
                epoch=event.epoch,
                connected_at=event.connected_at,
                timestamp=seen.record.timestamp,
                features=event.features,
            )
        )


def _weigh_membership(evidence: Evidence, seen: Seen, membership: Membership) -> None:
    if evidence.posted is not None:
        return
    is_in = evidence.user_id in membership.people
    if evidence.is_participant and not is_in:
        evidence.removed_before = f"{iso(seen.record.timestamp)} ({seen.place})"
    evidence.is_participant = is_in
    evidence.was_ever_there = evidence.was_ever_there or is_in


def _weigh_message(evidence: Evidence, seen: Seen, connections: OpenConnections) -> None:
    event = seen.event
    if isinstance(event, SendMessage):
        if evidence.asked is None:
            evidence.asked = seen
            evidence.is_sender = event.sender_id == evidence.user_id
        else:
            evidence.again.append(seen)
    elif isinstance(event, MessagePosted | MessageRejected) and evidence.fact is None:
        evidence.fact = seen
        evidence.open_then = connections.of(evidence.user_id)
    elif isinstance(event, Pushed):
        evidence.pushes.append(seen)
    elif seen.record.topic == DEAD_LETTERS.name:
        evidence.dead = seen


def _weigh_read(evidence: Evidence, event: MessagesRead, seen: Seen) -> None:
    posted = evidence.posted
    if posted is not None and event.seq >= posted.seq and evidence.read is None:
        evidence.read = seen


def fates(evidence: Evidence) -> list[ConnectionFate]:
    """What became of the message at each connection that the user had then, or opened just after."""
    if evidence.posted is None:
        return []
    return [_fate(evidence, one) for one in (*evidence.open_then, *_caught_up(evidence))]


def _caught_up(evidence: Evidence) -> list[OpenConnection]:
    """Those that began so soon after that the catch-up window owes them the message (spec 9)."""
    posted = evidence.posted
    if posted is None:
        return []
    owed_until = posted.timestamp + int(CATCH_UP_OVERLAP_S * 1000)
    return [one for one in evidence.came_later if one.timestamp <= owed_until]


def _fate(evidence: Evidence, one: OpenConnection) -> ConnectionFate:
    answers = _answers(evidence, one)
    for seen, pushed in answers:
        missed = _missed(pushed, one.connection_id)
        if missed is not None:
            return _told(one, missed, f"{_WORDS[missed]} ({seen.place}, {iso(seen.record.timestamp)})")
    if answers:
        at = answers[0][0]
        return _told(one, "delivered", f"{one.gateway_id} took it at {iso(at.record.timestamp)} ({at.place})")
    return _unanswered(evidence, one)


def _answers(evidence: Evidence, one: OpenConnection) -> list[tuple[Seen, Pushed]]:
    """What its gateway answered to pushes of the message since the connection is there."""
    return [
        (seen, seen.event)
        for seen in evidence.pushes
        if isinstance(seen.event, Pushed)
        and (seen.event.gateway_id, seen.event.epoch) == (one.gateway_id, one.epoch)
        and seen.record.timestamp >= one.timestamp
    ]


def _unanswered(evidence: Evidence, one: OpenConnection) -> ConnectionFate:
    if one.epoch in evidence.ended_epochs:
        return _told(one, "lost with its gateway", f"{one.gateway_id}: {evidence.ended_epochs[one.epoch]}")
    ending = evidence.closings.get(one.connection_id)
    if ending is not None:
        return _told(one, "gone", f"the connection had ended: {ending.place}, {iso(ending.record.timestamp)}")
    return _told(one, "not yet known", f"no answer of {one.gateway_id} to a push of it is in the log")


def _missed(pushed: Pushed, connection_id: str) -> Fate | None:
    if connection_id in pushed.gone:
        return "gone"
    if connection_id in pushed.slow:
        return "slow"
    return "dropped" if connection_id in pushed.dropped else None


_WORDS: dict[Fate, str] = {
    "gone": "its gateway no longer held it",
    "slow": "its outbox was full, so it was closed with 4408 to catch up",
    "dropped": "fan-out gave its gateway up and has it closed with 4408 to catch up",
}


def _told(one: OpenConnection, fate: Fate, why: str) -> ConnectionFate:
    return ConnectionFate(one.connection_id, one.gateway_id, fate, why)


def data_of_fates(some: list[ConnectionFate]) -> list[dict[str, Any]]:
    """As JSON holds them."""
    return [
        {"connectionId": one.connection_id, "gatewayId": one.gateway_id, "fate": one.fate, "why": one.why}
        for one in some
    ]
