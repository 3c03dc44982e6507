"""Rule 3: nobody got a message of a room while not a participant at that message's place in the log (spec 3)."""

from collections.abc import Iterator

from tests.chaos.oracle.evidence import Evidence, Violation


def violations(evidence: Evidence) -> Iterator[Violation]:
    """Deliveries to people who were not in the room."""
    for connection in evidence.connections.values():
        for got in connection.received:
            for posted in evidence.room(got.room).by_id.get(got.message, [])[:1]:
                if connection.user not in posted.people:
                    what = "delivered to somebody who was not in the room then"
                    yield Violation(3, what, got.room, got.message, connection.name, posted.place)
