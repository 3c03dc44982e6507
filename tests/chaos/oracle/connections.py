"""The journal as connections, and as clients that had one connection after the other."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.chaos.journal import AnyEntry, Closed, Ended, Fetched, Opened, Received


@dataclass(slots=True)
class Connection:
    """One connection. Times are the journal's."""

    number: int
    client: str
    user: str
    gateway: str
    opened: float
    closed: float | None = None
    """None: open when the evidence was read."""
    code: int | None = None
    received: list[Received] = field(default_factory=list)

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.client}, connection {self.number}"


def connections_of(journal: Iterable[AnyEntry]) -> Mapping[int, Connection]:
    """All connections. Where a run was cut short, those that were open ended with it."""
    found: dict[int, Connection] = {}
    last, ended = 0.0, False
    for entry in journal:
        last = max(last, entry.at)
        match entry:
            case Opened():
                found[entry.connection] = Connection(
                    entry.connection, entry.client, entry.user, entry.gateway, entry.at
                )
            case Closed() if entry.connection in found:
                found[entry.connection].closed = entry.at
                found[entry.connection].code = entry.code
            case Received() if entry.connection in found:
                found[entry.connection].received.append(entry)
            case Ended():
                ended = True
                break
    if not ended:
        for one in found.values():
            one.closed = last if one.closed is None else one.closed
    return found


def clients_of(connections: Iterable[Connection]) -> Mapping[str, list[Connection]]:
    """The connections of each client, the oldest first."""
    clients: dict[str, list[Connection]] = defaultdict(list)
    for one in sorted(connections, key=lambda one: one.opened):
        clients[one.client].append(one)
    return clients


def fetched_by(journal: Iterable[AnyEntry]) -> Mapping[tuple[str, str], set[str]]:
    """The ids of the messages that a client (first) has read from the history of a room (second)."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in journal:
        if isinstance(entry, Fetched):
            found[entry.client, entry.room].update(message for _, message in entry.messages)
    return found
