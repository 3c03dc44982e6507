"""Rule 8: no connection record or presence survives its connection by more than 60 s (spec 4 and 9).

Seconds in which a fault was on, or not recovered from, do not count: nothing can be deleted while the log is away.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from contracts import table
from contracts.connections import Connected, Disconnected, Retired
from contracts.envelope import ContractError, Event
from contracts.presence import PresenceChanged
from contracts.topics import CONNECTIONS, PRESENCE, Topic
from tests.chaos.oracle.calm import Span, calm_s, troubled
from tests.chaos.oracle.evidence import Evidence, Violation

SURVIVES_S = 60.0
AGENT = "kaiwa-chaos/"
_AGENT = re.compile(rf"^{AGENT}(\d+)$")


@dataclass(frozen=True)
class Lives:
    """When the sockets of a run began and ended: by the clients, and by the log."""

    evidence: Evidence

    @cached_property
    def spans(self) -> Sequence[Span]:
        """When faults were on."""
        return troubled(self.evidence.journal)

    @cached_property
    def now(self) -> float:
        """When the evidence was read."""
        return self.evidence.journal[-1].at if self.evidence.journal else 0.0

    @cached_property
    def ids(self) -> Mapping[str, tuple[int, str, float]]:
        """Connection ids of the log: the run's number of each, its user, and when it entered the log."""
        found: dict[str, tuple[int, str, float]] = {}
        for event, at in self.events(CONNECTIONS):
            if isinstance(event, Connected) and (match := _AGENT.match(event.user_agent or "")):
                found[event.connection_id] = (int(match[1]), event.user_id, at)
        return found

    @cached_property
    def ended(self) -> Mapping[str, float]:
        """When the log first told that a connection is over."""
        ends: dict[str, float] = {}
        for event, at in self.events(CONNECTIONS):
            if isinstance(event, Disconnected | Retired):
                ends.setdefault(event.connection_id, at)
        return ends

    def events(self, topic: Topic) -> Iterator[tuple[Event, float]]:
        """The events of a topic with the journal's time; what cannot be read is left out."""
        for record in self.evidence.of(topic):
            try:
                yield topic.decode(record.value), record.timestamp / 1000 - self.evidence.clock
            except ContractError:
                continue

    def closed(self, connection_id: str) -> float | None:
        """When the client's side was over; None where it is open. A handshake that failed was never open."""
        number, _, connected = self.ids[connection_id]
        connection = self.evidence.connections.get(number)
        return connected if connection is None else connection.closed

    def is_overdue(self, connection_id: str, until: float) -> bool:
        """Whether more than 60 calm seconds lie between the connection's end and `until`."""
        if connection_id not in self.ids:
            return False
        closed = self.closed(connection_id)
        return closed is not None and calm_s(closed, until, self.spans) > SURVIVES_S


def violations(evidence: Evidence) -> Iterator[Violation]:
    """Connections that the log ended late or not at all, and rows and presence that outlived theirs."""
    lives = Lives(evidence)
    for connection_id, (number, user, _) in lives.ids.items():
        if lives.is_overdue(connection_id, lives.ended.get(connection_id, lives.now)):
            what = f"connection {number} was over, and the log did not tell within {SURVIVES_S:.0f} s"
            yield Violation(8, what, client=user, place=connection_id)
    for key in evidence.table:
        if (of := _connection_of(key)) is not None and lives.is_overdue(of, lives.now):
            yield Violation(8, "a record outlived its connection", place=f"{key.pk} | {key.sk}")
    yield from _presence(lives)


def _connection_of(key: table.Key) -> str | None:
    for part in key:
        if part.startswith(table.CONNECTION_PREFIX):
            return part.removeprefix(table.CONNECTION_PREFIX)
    return None


def _presence(lives: Lives) -> Iterator[Violation]:
    newest = {event.user_id: event for event, _ in lives.events(PRESENCE) if isinstance(event, PresenceChanged)}
    for user, event in newest.items():
        over = [one.connection_id for one in event.connections if lives.is_overdue(one.connection_id, lives.now)]
        for connection_id in over:
            yield Violation(8, "presence outlived a connection", client=user, place=connection_id)
        of_user = [one for one, (_, owner, _) in lives.ids.items() if owner == user]
        if event.status == "online" and of_user and all(lives.is_overdue(one, lives.now) for one in of_user):
            yield Violation(8, "online without a connection", client=user)
