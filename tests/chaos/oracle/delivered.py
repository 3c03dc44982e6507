"""Rule 2: got by every connection that was open and a participant throughout, and by whoever came back (spec 3, 9)."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import inf

from tests.chaos.oracle.connections import Connection, clients_of, fetched_by
from tests.chaos.oracle.evidence import Evidence, Owed, Violation

DEAF_S = 180.0
"""A connection that stays open for so long after another has got the message, and is not closed, is deaf."""


def violations(evidence: Evidence) -> Iterator[Violation]:
    """Messages that never came where they were owed."""
    first = _first_deliveries(evidence)
    for connection in evidence.connections.values():
        yield from _not_got(evidence, connection, first)
    history = fetched_by(evidence.journal)
    for client, connections in clients_of(evidence.connections.values()).items():
        yield from _not_caught_up(evidence, client, connections, history)


def _first_deliveries(evidence: Evidence) -> Mapping[str, float]:
    first: dict[str, float] = {}
    for connection in evidence.connections.values():
        for got in connection.received:
            first[got.message] = min(first.get(got.message, inf), got.at)
    return first


def _not_got(evidence: Evidence, connection: Connection, first: Mapping[str, float]) -> Iterator[Violation]:
    """What is owed to the connection itself: all since it was opened, if it was open long enough."""
    got = {entry.message for entry in connection.received}
    until = inf if connection.closed is None else evidence.clock + connection.closed
    for at, room, posted in _owed(evidence, connection.user, evidence.clock + connection.opened):
        if at > until:
            break
        if posted.message in got:
            continue
        elsewhere = first.get(posted.message, inf)
        if connection.closed is None or connection.closed - elsewhere > DEAF_S:
            what = "open, in the room, and never got it"
            yield Violation(2, what, room, posted.message, connection.name, posted.place)


def _not_caught_up(
    evidence: Evidence, client: str, connections: Sequence[Connection], history: Mapping[tuple[str, str], set[str]]
) -> Iterator[Violation]:
    """What a client that came back, and was there to the end, has neither got nor fetched."""
    if len(connections) < 2 or connections[-1].closed is not None:
        return
    got = {entry.message for connection in connections for entry in connection.received}
    last = {entry.message for entry in connections[-1].received}
    user, since = connections[0].user, evidence.clock + connections[0].opened
    for at, room, posted in _owed(evidence, user, since):
        if at >= evidence.clock + connections[-1].opened and posted.message not in last:
            continue  # Owed to that connection itself, and told there.
        is_in = user in evidence.room(room).people
        if is_in and posted.message not in got and posted.message not in history.get((client, room), ()):
            yield Violation(2, "came back, caught up, and does not have it", room, posted.message, client, posted.place)


def _owed(evidence: Evidence, user: str, since: float) -> Iterator[Owed]:
    owed = evidence.owed.get(user, [])
    return islice(owed, bisect_left(owed, since, key=lambda one: one.at), None)
