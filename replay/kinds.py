"""What a row is, and which event is behind it: told by its key and its `position` (spec 5). Pure."""

from typing import Final

from chassis.items import Item, plain
from contracts import rows as contract
from contracts import table
from contracts.rows import Row
from contracts.table import Key
from contracts.topics import CONNECTIONS, SUBMISSIONS, USERS, Topic
from replay.log import Log, Place

_CLASSES: Final[dict[tuple[str, str], type[Row]]] = {
    ("CHATROOM", table.METADATA): contract.RoomRow,
    ("CHATROOM", table.LAST_MESSAGE): contract.LastMessageRow,
    ("CHATROOM", table.FENCE): contract.FenceRow,
    ("CHATROOM", "MESSAGE"): contract.MessageRow,
    ("CHATROOM", "CLIENTMESSAGE"): contract.ClientMessageRow,
    ("USER", table.PROFILE): contract.ProfileRow,
    ("USER", "CHATROOM"): contract.MembershipRow,
    ("USER", "CONNECTION"): contract.UserConnectionRow,
    ("CONNECTION", table.METADATA): contract.ConnectionRow,
    (table.DIRECTORY_PK, "NAME"): contract.DirectoryRow,
}
IMMUTABLE: Final = frozenset({contract.MessageRow, contract.ClientMessageRow})
"""Written once, with the message, and never again."""


def class_of(key: Key) -> type[Row] | None:
    """The row's class; None: it is no part of the fold (it tells about the work), or nothing of ours."""
    return _CLASSES.get((key.pk.partition("#")[0], key.sk.partition("#")[0]))


def topic_of(key: Key) -> Topic:
    """The topic that the row's `position` is an offset of."""
    cls = class_of(key)
    if cls in {contract.UserConnectionRow, contract.ConnectionRow}:
        return CONNECTIONS
    return USERS if cls in {contract.ProfileRow, contract.DirectoryRow} else SUBMISSIONS


def owner_of(key: Key, stored: Item | None = None) -> str | None:
    """The room or user that the row's events have as their key.

    A connection's record by id names its user only inside: None without `stored`.
    """
    cls = class_of(key)
    if cls is contract.ConnectionRow:
        named = plain(stored["userId"]) if stored is not None and "userId" in stored else None
        return named if isinstance(named, str) else None
    if cls is contract.DirectoryRow:
        return key.sk.rpartition("#")[2]
    place = key.sk if cls is contract.MembershipRow else key.pk
    return place.partition("#")[2]


def place_of(log: Log, key: Key, stored: Item) -> Place | None:
    """Where the event stands that last changed the row, by the row's own words; None where they do not tell."""
    owner, position = owner_of(key, stored), position_of(stored)
    if owner is None or position is None:
        return None
    return Place(*log.part_of(topic_of(key), owner), position)


def position_of(stored: Item) -> int | None:
    """The row's position, if it has one."""
    held = stored.get("position")
    value = None if held is None else plain(held)
    return value if isinstance(value, int) else None
