"""Rule 4: on each connection `seq` rises without a hole; what comes again is the same message (spec 3)."""

from collections.abc import Iterator

from tests.chaos.oracle.connections import Connection
from tests.chaos.oracle.evidence import Evidence, Violation
from tests.chaos.oracle.rooms import Room


def violations(evidence: Evidence) -> Iterator[Violation]:
    """Holes, steps back to what was never there, and repeats that differ."""
    for connection in evidence.connections.values():
        for room in {got.room for got in connection.received}:
            yield from _in_room(connection, room, evidence.room(room))


def _in_room(connection: Connection, room: str, told: Room) -> Iterator[Violation]:
    held: dict[int, str] = {}
    highest = 0
    for got in connection.received:
        if got.room != room:
            continue
        what: str | None = None
        if got.seq in held:
            what = None if held[got.seq] == got.message else f"seq {got.seq} came again as another message"
        elif got.seq < highest:
            what = f"seq {got.seq} came after {highest}"
        elif highest and (missing := _missing(told, highest, got.seq, connection.user)):
            what = f"seq {got.seq} came after {highest}, without {missing[0]}"
        if what is not None:
            place = told.by_seq[got.seq].place if got.seq in told.by_seq else None
            yield Violation(4, what, room, got.message, connection.name, place)
        held.setdefault(got.seq, got.message)
        highest = max(highest, got.seq)


def _missing(told: Room, after: int, before: int, user: str) -> list[int]:
    """What stands between: what was posted while the user was out is no hole; what no fact tells of is one."""
    between = range(after + 1, before)
    return [seq for seq in between if seq not in told.by_seq or user in told.by_seq[seq].people]
