"""What a row of a table is, beside what the log says it should be. Pure.

The two are never looked at in the same instant: the table goes on. So there are verdicts that only ask to look again.
"""

from dataclasses import dataclass
from enum import Enum

from chassis.items import Item, item, plain
from contracts.rows import Row
from contracts.table import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, Key
from replay.fold import OUTBOX
from replay.kinds import position_of
from replay.spill import Gone


class Verdict(Enum):
    """What to make of a row."""

    SAME = "same"
    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"
    AHEAD = "ahead"
    """It stands at an event that the fold has not come to yet."""
    BEHIND = "behind"
    """The service has not come to the event yet, as far as its checkpoint tells."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute that is not as it should be; None: it is absent."""

    name: str
    expected: object
    found: object


def judge(expected: Row | None, found: Item | None, *, settled: int | None, now_s: int) -> Verdict:
    """The verdict on a row.

    `expected` is the newest state that the log was known to give it when `found` was read, Gone where it was deleted,
    None where the log knows no such row. `settled`: every event below this position was in the table when `found` was
    read; None: every event that the fold knows was.
    """
    if expected is None:
        return Verdict.SAME if found is None else Verdict.AHEAD
    is_settled = settled is None or expected.position < settled
    if found is None:
        return _without_a_row(expected, is_settled, now_s)
    position = position_of(found)
    if position is not None and position > expected.position:
        return Verdict.AHEAD
    if not isinstance(expected, Gone) and position == expected.position:
        return Verdict.DIFFERENT if attributes(expected, found) else Verdict.SAME
    if position is not None and not is_settled:
        return Verdict.BEHIND
    return Verdict.EXTRA if isinstance(expected, Gone) else Verdict.DIFFERENT


def _without_a_row(expected: Row, is_settled: bool, now_s: int) -> Verdict:
    if isinstance(expected, Gone) or _has_expired(expected, now_s):
        return Verdict.SAME
    return Verdict.MISSING if is_settled else Verdict.BEHIND


def _has_expired(expected: Row, now_s: int) -> bool:
    ttl = getattr(expected, TTL_ATTRIBUTE, None)
    return isinstance(ttl, int) and ttl <= now_s


def attributes(expected: Row, found: Item) -> list[Attribute]:
    """Where the row is not as the log says, attribute by attribute; FENCE's outbox is no part of the fold."""
    wanted = item(_NO_KEY, expected)
    names = [*wanted, *(name for name in found if name not in wanted)]
    return [
        Attribute(name, _plain(wanted.get(name)), _plain(found.get(name)))
        for name in names
        if name not in _NOT_COMPARED and wanted.get(name) != found.get(name)
    ]


def in_outbox(found: Item | None, chat_room_id: str, position: int) -> bool:
    """Whether FENCE holds a fact that answers the submission at `position`: it may not be in the log yet."""
    facts = [] if found is None else plain(found.get(OUTBOX, {"L": []}))
    marks = (f'"offset":{position},'.encode(), f'"chatRoomId":"{chat_room_id}"'.encode())
    texts = [fact for fact in facts if isinstance(fact, bytes)] if isinstance(facts, list) else []
    return any(all(mark in text for mark in marks) for text in texts)


_NO_KEY = Key("", "")
_NOT_COMPARED = frozenset({PARTITION_KEY, SORT_KEY, OUTBOX})


def _plain(value: dict[str, object] | None) -> object:
    return None if value is None else plain(value)
