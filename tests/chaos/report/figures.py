"""The journal of a run as figures. Pure."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from bench.figures import percentile
from tests.chaos.journal import Acked, AnyEntry, Closed, FaultBegan, FaultEnded, Received, Recovered, Sent
from tests.chaos.oracle.connections import Connection, clients_of
from tests.chaos.oracle.evidence import Evidence

Clients = Mapping[str, Sequence[Connection]]

LOOK_S = 10.0
"""Messages sent within so many seconds of a fault's beginning tell how long deliveries stood still."""
BACK_S = 60.0
WINDOW_S = 60.0
"""Of the catch-up (spec 9)."""


@dataclass(slots=True)
class FaultFigure:
    """One fault; times in seconds of the run, or seconds from the fault's beginning."""

    number: int
    name: str
    target: str
    began: float
    ended: float | None = None
    error: str | None = None
    process_s: float | None = None
    """Until the process that was hit took work again, a hold not counted."""
    delivery_s: float | None = None
    """The longest that the first message of a room waited that was sent after the beginning."""
    clients_s: float | None = None
    """Until the last client of the gateway was connected again."""
    before_ms: float | None = None
    """p95 of sent to received, of what was sent in the ten seconds before."""
    during_ms: float | None = None
    """The same, of what was sent from the beginning to ten seconds after the end."""


@dataclass(slots=True)
class Figures:
    """All of a run."""

    seconds: float = 0.0
    acked: int = 0
    delivered: int = 0
    connections: int = 0
    repeated: int = 0
    """Deliveries that the connection had already."""
    repeated_young: int = 0
    """Of these, on connections younger than the catch-up window: a worker that takes over catches up all of them."""
    longest_wait_s: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    kills: int = 0
    faults: list[FaultFigure] = field(default_factory=list)
    latencies: list[tuple[float, float]] = field(default_factory=list)
    """When a message was first sent, and the seconds until each live delivery; by the first."""

    @property
    def repeated_per_million(self) -> float:
        """Deliveries that a connection had already."""
        return 1e6 * self.repeated / self.delivered if self.delivered else 0.0


@dataclass(frozen=True, slots=True)
class Times:
    """Some times in a few figures, in seconds."""

    count: int
    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Times | None":
        """None where there are none."""
        known = sorted(value for value in values if value is not None)
        return cls(len(known), percentile(known, 0.5), percentile(known, 0.95), known[-1]) if known else None


def of(evidence: Evidence) -> Figures:
    """All figures of a run."""
    found = Figures(seconds=evidence.journal[-1].at if evidence.journal else 0.0)
    found.faults = list(_faults(evidence.journal))
    found.kills = sum(fault.name in {"kill -9", "power cut"} and fault.error is None for fault in found.faults)
    found.connections = len(evidence.connections)
    found.acked = len({entry.tag for entry in evidence.journal if isinstance(entry, Acked)})
    found.delivered = sum(len(connection.received) for connection in evidence.connections.values())
    ages = [got.at - one.opened for one in evidence.connections.values() for got in _repeats(one)]
    found.repeated, found.repeated_young = len(ages), sum(age < WINDOW_S for age in ages)
    sent = _first_sent(evidence.journal)
    found.latencies = sorted(_latencies(evidence.connections.values(), sent))
    waits = sorted(wait for _, wait in found.latencies)
    if waits:
        found.p50_ms, found.p99_ms = 1000 * percentile(waits, 0.5), 1000 * percentile(waits, 0.99)
    firsts = _first_deliveries(evidence.journal, sent)
    found.longest_wait_s = max((got - at for at, got, _ in firsts), default=0.0)
    clients = clients_of(evidence.connections.values())
    own = {entry.connection for entry in evidence.journal if isinstance(entry, Closed) and entry.own}
    for fault in found.faults:
        fault.delivery_s = _standstill(fault.began, firsts)
        fault.clients_s = _clients_back(fault, clients, own)
        fault.before_ms = _p95(found.latencies, fault.began - LOOK_S, fault.began)
        fault.during_ms = _p95(found.latencies, fault.began, (fault.ended or fault.began) + LOOK_S)
    return found


def plain(figures: Figures) -> dict[str, Any]:
    """For JSON; without the single latencies."""
    told = asdict(figures)
    del told["latencies"]
    return told | {"repeated_per_million": figures.repeated_per_million}


def by_target(faults: Sequence[FaultFigure], name: str) -> Mapping[str, list[FaultFigure]]:
    """Faults of one name that were done, by what they hit; a second worker counts with the first."""
    found: dict[str, list[FaultFigure]] = defaultdict(list)
    for fault in faults:
        if fault.name == name and fault.error is None:
            found[fault.target.rstrip("-0123456789") or "everything"].append(fault)
    return dict(sorted(found.items()))


def _faults(journal: Iterable[AnyEntry]) -> Iterable[FaultFigure]:
    found: dict[int, FaultFigure] = {}
    for entry in journal:
        match entry:
            case FaultBegan():
                found[entry.number] = FaultFigure(entry.number, entry.name, entry.target, entry.at)
            case FaultEnded() if entry.number in found:
                found[entry.number].ended, found[entry.number].error = entry.at, entry.error
            case Recovered() if entry.number in found and entry.what == "process":
                found[entry.number].process_s = entry.seconds
    return found.values()


def _repeats(connection: Connection) -> Iterable[Received]:
    """What it got and had already."""
    seen: set[tuple[str, int]] = set()
    for got in connection.received:
        if (got.room, got.seq) in seen:
            yield got
        seen.add((got.room, got.seq))


def _first_sent(journal: Iterable[AnyEntry]) -> dict[str, tuple[float, str]]:
    sent: dict[str, tuple[float, str]] = {}
    for entry in journal:
        if isinstance(entry, Sent):
            sent.setdefault(entry.tag, (entry.at, entry.room))
    return sent


def _latencies(
    connections: Iterable[Connection], sent: Mapping[str, tuple[float, str]]
) -> Iterable[tuple[float, float]]:
    """Of what came for the first time, and was sent while the connection stood: the rest is catching up."""
    for connection in connections:
        again = {id(got) for got in _repeats(connection)}
        for got in connection.received:
            if id(got) not in again and got.tag in sent and sent[got.tag][0] >= connection.opened:
                yield sent[got.tag][0], got.at - sent[got.tag][0]


def _first_deliveries(
    journal: Iterable[AnyEntry], sent: Mapping[str, tuple[float, str]]
) -> list[tuple[float, float, str]]:
    """When each message was sent and first delivered to anybody, and its room; by the first."""
    first: dict[str, float] = {}
    for entry in journal:
        if isinstance(entry, Received):
            first.setdefault(entry.tag, entry.at)
    return sorted((sent[tag][0], got, sent[tag][1]) for tag, got in first.items() if tag in sent)


def _standstill(began: float, firsts: Sequence[tuple[float, float, str]]) -> float | None:
    rooms: dict[str, float] = {}
    for at, got, room in firsts[bisect_left(firsts, (began,)) :]:
        if at > began + LOOK_S:
            break
        rooms.setdefault(room, got - at)
    return max(rooms.values(), default=None)


def _clients_back(fault: FaultFigure, clients: Clients, own: Container[int]) -> float | None:
    """Of a gateway that went, or of all of them."""
    if fault.error is not None or not (fault.target.startswith("gateway") or fault.name == "power cut"):
        return None
    until = (fault.ended or fault.began) + BACK_S
    back: list[float] = []
    for connections in clients.values():
        for one, following in pairwise(connections):
            is_of_it = one.gateway == fault.target.partition(" ")[0] or fault.name == "power cut"
            was_open = one.opened < fault.began <= (one.closed or until)
            if is_of_it and was_open and (one.closed or until) < until and one.number not in own:
                back.append(following.opened - fault.began)
    return max(back, default=None)


def _p95(latencies: Sequence[tuple[float, float]], since: float, until: float) -> float | None:
    span = latencies[bisect_left(latencies, (since,)) : bisect_right(latencies, (until,))]
    return 1000 * percentile(sorted(wait for _, wait in span), 0.95) if span else None
