"""What must hold of the rows of a room, and of the halves of a connection (spec 5). Pure."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from chassis.items import Item, key_of, plain
from contracts import table
from contracts.table import Key
from replay.kinds import position_of

Invariant = Literal[
    "connection halves",
    "last message",
    "seq without gaps",
    "row has its event",
    "dead gateway",
    "fact has its message",
]
INVARIANTS: Final[tuple[Invariant, ...]] = (
    "connection halves",
    "last message",
    "seq without gaps",
    "row has its event",
    "dead gateway",
    "fact has its message",
)


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold."""

    invariant: Invariant
    key: Key
    what: str

    def data(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"invariant": self.invariant, "PK": self.key.pk, "SK": self.key.sk, "what": self.what}


class RoomWalk:
    """The rows of one room as a scan brings them: in the order of their sort keys, messages by time."""

    def __init__(self, pk: str) -> None:
        self.pk = pk
        self.seq = 0
        self.fence_seq: int | None = None
        self.has_last_message = False
        self.broken_at: list[Key] = []
        """Messages whose `seq` is not one above the one before."""

    def take(self, stored: Item) -> None:
        """The next row."""
        key = key_of(stored)
        kind = key.sk.partition("#")[0]
        if kind == table.FENCE:
            self.fence_seq = number(stored, "seq")
        elif kind == table.LAST_MESSAGE:
            self.has_last_message = True
        elif kind == "MESSAGE":
            seq = number(stored, "seq")
            if seq != self.seq + 1:
                self.broken_at.append(key)
            self.seq = seq if seq is not None else self.seq + 1

    @property
    def is_short(self) -> bool:
        """Whether the newest messages that FENCE counts are missing: a scan reads it before them."""
        return self.fence_seq is not None and self.seq < self.fence_seq


def other_half(stored: Item) -> Key | None:
    """Where the other record of a connection stands; None where the row does not tell."""
    key = key_of(stored)
    if key.pk.startswith(table.CONNECTION_PREFIX):
        user = stored.get("userId")
        return None if user is None else Key(table.user_pk(str(plain(user))), key.pk)
    return Key(key.sk, table.METADATA)


def is_connection_half(key: Key) -> bool:
    """Whether the row is one of a connection's two records."""
    return key.pk.startswith(table.CONNECTION_PREFIX) or (
        key.pk.startswith("USER#") and key.sk.startswith(table.CONNECTION_PREFIX)
    )


def same_connection(one: Item, other: Item) -> bool:
    """Whether two halves tell the same."""
    fields = ("connectionId", "gatewayId", "epoch", "connectedAt", "ttl", "position")
    return all(one.get(name) == other.get(name) for name in fields)


def is_newest(last: Item, before: Item, after: Item) -> bool:
    """Whether LASTMESSAGE tells the newest message, which was read before and after it: both may have moved on."""
    seq, low, high = (number(one, "seq") for one in (last, before, after))
    if seq is None or low is None or high is None or not low <= seq <= high:
        return False
    named = [one for one in (before, after) if number(one, "seq") == seq]
    return all(one.get("messageId") == last.get("messageId") for one in named)


def number(stored: Item, name: str) -> int | None:
    """A whole number in a row."""
    held = stored.get(name)
    value = None if held is None else plain(held)
    return value if isinstance(value, int) else None


def position_words(stored: Item) -> str:
    """The row's position in words."""
    position = position_of(stored)
    return "no position" if position is None else f"position {position}"
