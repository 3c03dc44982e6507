"""Rule 6: the table equals the fold of the facts, row by row, by replay's own fold (spec 5 and 12)."""

from collections.abc import Iterator, Mapping

from chassis.items import Item, item
from chassis.projection.view import Contradiction
from contracts.rows import Row
from contracts.table import Key
from contracts.topics import CONNECTIONS, ROOMS, USERS
from contracts.users import ProfileUpdated
from replay.fold import Fold, comparable
from replay.kinds import class_of
from replay.refold import ConnectionsRefold
from replay.seen import see
from tests.chaos.oracle.evidence import Evidence, Violation
from tests.chaos.oracle.rooms import fact_of, place_of


def violations(evidence: Evidence) -> Iterator[Violation]:
    """Rows that are missing, too many or different, and facts that cannot follow those before them."""
    fold = Fold()
    yield from _fold(evidence, fold)
    expected = fold.items() | _connections(evidence)
    found = {key: comparable(stored) for key, stored in evidence.table.items() if class_of(key) is not None}
    for key in expected.keys() - found.keys():
        yield _violation(key, "the log tells of a row that is not in the table")
    for key in found.keys() - expected.keys():
        yield _violation(key, "the table has a row that no fact made")
    for key in expected.keys() & found.keys():
        if expected[key] != found[key]:
            names = sorted(_differing(expected[key], found[key]))
            yield _violation(key, f"the row differs from the log in {', '.join(names)}")


def _fold(evidence: Evidence, fold: Fold) -> Iterator[Violation]:
    for record in evidence.of(USERS):
        event = see(record).event
        if isinstance(event, ProfileUpdated):
            fold.profile(event, record.offset)
    for record in evidence.of(ROOMS):
        fact = fact_of(record)
        try:
            if fact is not None:
                fold.fact(fact)
        except Contradiction as error:
            yield Violation(7, str(error), None if fact is None else fact.chat_room_id, place=place_of(record))


def _connections(evidence: Evidence) -> dict[Key, Item]:
    rows: dict[Key, Row] = {}
    refold = ConnectionsRefold()
    for record in evidence.of(CONNECTIONS):
        for key, row in refold.apply(see(record)).items():
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
    return {key: item(key, row) for key, row in rows.items()}


def _differing(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def _violation(key: Key, what: str) -> Violation:
    room = key.pk.partition("#")[2] if key.pk.startswith("CHATROOM#") else None
    return Violation(6, what, room, place=f"{key.pk} | {key.sk}")
