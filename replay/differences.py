"""A row that is not as the log says: what is wrong, which event is behind it, and the write that mends it. Pure."""

from dataclasses import dataclass
from typing import Any, Literal

from chassis.actions import Action, Check, Condition, Delete, Put, absent, position_is
from chassis.items import Item, item
from contracts import table
from contracts.rows import ConnectionRow, Row, UserConnectionRow
from contracts.table import Key
from replay.fold import OUTBOX
from replay.judge import Attribute, attributes
from replay.kinds import class_of, owner_of, position_of, topic_of
from replay.log import Log, Place
from replay.spill import Gone
from replay.words import CONTENT, hidden

Kind = Literal["missing", "extra", "different"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One row."""

    kind: Kind
    key: Key
    expected: Row | None
    """As the log says; None: it says nothing of such a row, or that it was deleted."""
    found: Item | None
    behind: Place | None
    """The event that gave the row its expected state, or that deleted it; of a row that no event explains, None."""
    claims: Place | None = None
    """The event that the found row names as its own."""

    @property
    def attributes(self) -> list[Attribute]:
        """What is not as it should be; empty for a row that is missing or extra."""
        if self.expected is None or self.found is None:
            return []
        return attributes(self.expected, self.found)

    def words(self, *, show_content: bool) -> list[str]:
        """The attributes, each in a phrase."""
        return [
            f"{one.name} is {shown(one.name, one.found, show_content)},"
            f" the log says {'other ' if one.name in CONTENT and not show_content else ''}"
            f"{shown(one.name, one.expected, show_content)}"
            for one in self.attributes
        ]

    def data(self, *, show_content: bool) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "kind": self.kind,
            "PK": self.key.pk,
            "SK": self.key.sk,
            "attributes": [
                {
                    "name": one.name,
                    "expected": plain_or_hidden(one.name, one.expected, show_content),
                    "found": plain_or_hidden(one.name, one.found, show_content),
                }
                for one in self.attributes
            ],
            "event": None if self.behind is None else self.behind._asdict(),
            "claims": None if self.claims is None else self.claims._asdict(),
        }


def difference(log: Log, kind: Kind, key: Key, expected: Row | None, found: Item | None) -> Difference:
    """The difference, with its events named."""
    behind = None if expected is None else place_behind(log, key, expected, found)
    claims = None if found is None else _claimed(log, key, found)
    return Difference(kind, key, None if isinstance(expected, Gone) else expected, found, behind, claims)


def place_behind(log: Log, key: Key, expected: Row, found: Item | None) -> Place | None:
    """Where the event stands that gave the row its expected state."""
    owner = expected.user_id if isinstance(expected, ConnectionRow) else owner_of(key, found)
    return None if owner is None else Place(*log.part_of(topic_of(key), owner), expected.position)


def _claimed(log: Log, key: Key, found: Item) -> Place | None:
    owner, position = owner_of(key, found), position_of(found)
    return None if owner is None or position is None else Place(*log.part_of(topic_of(key), owner), position)


def shown(name: str, value: object, show_content: bool) -> str:
    """A value in a phrase."""
    value = plain_or_hidden(name, value, show_content)
    if value is None:
        return "absent"
    return repr(value) if isinstance(value, str) and name not in CONTENT else str(value)


def plain_or_hidden(name: str, value: object, show_content: bool) -> object:
    """A value as it may be shown."""
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    return hidden(value) if name in CONTENT and isinstance(value, str) and not show_content else value


def mend(one: Difference) -> list[Action]:
    """The writes that make the row what the log says, on the condition that nobody has changed it since.

    A half of a connection comes back only while its other half is there: the connection may have closed.
    """
    if one.kind == "extra" or one.expected is None:
        return [Delete(one.key, _unchanged(one.found))]
    made = item(one.key, one.expected)
    if one.found is None:
        return [Put(made, absent()), *_other_half(one)]
    if OUTBOX in one.found:
        made[OUTBOX] = one.found[OUTBOX]
    return [Put(made, _unchanged(one.found))]


def _unchanged(found: Item | None) -> Condition:
    position = None if found is None else position_of(found)
    if position is None:
        return Condition("attribute_not_exists(#position)", {"#position": "position"})
    return position_is(position)


def _other_half(one: Difference) -> list[Action]:
    row = one.expected
    if isinstance(row, ConnectionRow):
        return [Check(table.user_connection(row.user_id, row.connection_id), position_is(row.position))]
    if isinstance(row, UserConnectionRow) and class_of(one.key) is UserConnectionRow:
        return [Check(table.connection(row.connection_id), position_is(row.position))]
    return []
