"""The table as a fold of chat.rooms and chat.users (spec 5 and 12). Pure.

Persistence writes with the same functions (chassis/projection), so what differs between the fold and the table is a
fault of one of them or of the log, never of a second set of rules. OUTCOME, CHECKPOINT and LOG rows are no part of it:
they tell about the work, not about the chat; connection records are the fold of chat.connections.
"""

from collections.abc import Iterable, MutableMapping

from chassis.items import Item, item
from chassis.projection.profiles import rows_of_profile
from chassis.projection.rooms import rows_of
from chassis.projection.view import Writes, apply
from contracts import table
from contracts.facts import Fact
from contracts.rows import ClientMessageRow, DirectoryRow, LastMessageRow, MessageRow, Row
from contracts.table import Key
from contracts.users import ProfileUpdated

OUTBOX = "facts"
"""FENCE's attribute that belongs to its last transaction: present in the table, absent in the fold."""

_ROOM_KINDS = frozenset({table.METADATA, table.LAST_MESSAGE, table.FENCE, "MESSAGE", "CLIENTMESSAGE"})
_UNASKED = frozenset({MessageRow, ClientMessageRow, LastMessageRow, DirectoryRow})
_USER_KINDS = frozenset({table.PROFILE, "CHATROOM"})


class Fold:
    """Rows as they stand after the events given so far; those of a room, and of a user, in the order of their topic."""

    def __init__(self, rows: MutableMapping[Key, Row] | None = None, *, messages: bool = True) -> None:
        """`rows` holds them (replay.spill: any number); without `messages` what no later event asks for is not kept."""
        self.rows: MutableMapping[Key, Row] = {} if rows is None else rows
        self._messages = messages

    def fact(self, fact: Fact) -> Writes:
        """Take a fact of chat.rooms in; returns what it changed: nothing if it was taken in before.

        Raises chassis.projection.view.Contradiction where facts before it are missing.
        """
        writes = rows_of(fact, self.rows)
        self._keep(writes)
        return writes

    def profile(self, event: ProfileUpdated, position: int) -> Writes:
        """Take an event of chat.users in, which stands at `position`; returns what it changed."""
        writes = rows_of_profile(event, position, self.rows)
        self._keep(writes)
        return writes

    def _keep(self, writes: Writes) -> None:
        if self._messages:
            apply(self.rows, writes)
        else:
            apply(self.rows, {key: row for key, row in writes.items() if type(row) not in _UNASKED})

    def items(self) -> dict[Key, Item]:
        """The rows as the table holds them, but for FENCE's facts."""
        return {key: comparable(item(key, row)) for key, row in self.rows.items()}


def comparable(stored: Item) -> Item:
    """An item of the table without what the fold does not know."""
    return {name: value for name, value in stored.items() if name != OUTBOX}


def folded_part(items: Iterable[tuple[Key, Item]]) -> dict[Key, Item]:
    """Those items of a table that a fold has too, comparable with `Fold.items`."""
    return {key: comparable(stored) for key, stored in items if is_folded(key)}


def is_folded(key: Key) -> bool:
    """Whether a row of this key comes from chat.rooms or chat.users."""
    kind = key.sk.partition("#")[0]
    if key.pk.startswith("CHATROOM#"):
        return kind in _ROOM_KINDS
    return (key.pk.startswith("USER#") and kind in _USER_KINDS) or key.pk == table.DIRECTORY_PK
