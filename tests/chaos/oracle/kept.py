"""Rule 1: what was acked and not refused is on chat.rooms and in the table, exactly once (spec 3)."""

from collections import Counter
from collections.abc import Iterable, Iterator

from contracts import table
from tests.chaos.journal import Acked, Sent
from tests.chaos.oracle.evidence import Evidence, Violation


def violations(evidence: Evidence) -> Iterator[Violation]:
    """What was lost or is there twice, and what was delivered though the log does not know it."""
    refused = {
        (room, fact.sender_id, fact.client_message_id)
        for room, told in evidence.rooms.items()
        for fact, _ in told.rejections()
    }
    rows = _rows(evidence)
    for room, sender, acked in _acked(evidence):
        copies = evidence.room(room).by_id.get(acked.message, [])
        if not copies and (room, sender, acked.tag) in refused:
            continue
        named = {"room": room, "message": acked.message, "client": evidence.connections[acked.connection].name}
        if len(copies) != 1 and (copies or evidence.is_drained):
            place = copies[-1].place if copies else None
            yield Violation(1, f"acked, and {len(copies)} times in the log", **named, place=place)
        if rows[room, acked.message] != 1 and (copies or evidence.is_drained):
            yield Violation(1, f"acked, and {rows[room, acked.message]} times in the table", **named)
    yield from _invented(evidence)


def _acked(evidence: Evidence) -> Iterator[tuple[str, str, Acked]]:
    """Each acked message once, with its room and sender."""
    rooms = {entry.tag: entry.room for entry in evidence.journal if isinstance(entry, Sent) and entry.keyed}
    first = {entry.tag: entry for entry in reversed(evidence.journal) if isinstance(entry, Acked)}
    for tag, entry in first.items():
        if tag in rooms and entry.connection in evidence.connections:
            yield rooms[tag], evidence.connections[entry.connection].user, entry


def _rows(evidence: Evidence) -> Counter[tuple[str, str]]:
    keys: Iterable[table.Key] = evidence.table
    return Counter(
        (key.pk.partition("#")[2], key.sk.rpartition("#")[2]) for key in keys if key.sk.startswith(table.MESSAGE_PREFIX)
    )


def _invented(evidence: Evidence) -> Iterator[Violation]:
    told: set[str] = set()
    for connection in evidence.connections.values():
        for got in connection.received:
            if got.message not in told and got.message not in evidence.room(got.room).by_id:
                told.add(got.message)
                named = {"room": got.room, "message": got.message, "client": connection.name}
                yield Violation(1, "delivered, and not in the log", **named)
