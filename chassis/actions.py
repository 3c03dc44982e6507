"""Writes and their conditions, as data: what a transaction is made of."""

from dataclasses import dataclass, field
from typing import Any

from chassis.items import Item, attribute, key_item, key_of
from contracts.table import PARTITION_KEY, Key


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be true of the item for the write to happen."""

    expression: str
    names: dict[str, str] = field(default_factory=dict)
    values: Item = field(default_factory=dict)


def absent() -> Condition:
    """No such item."""
    return Condition(f"attribute_not_exists({PARTITION_KEY})")


def position_is(position: int) -> Condition:
    """The item stands exactly where the writer read it."""
    return Condition("#position = :was", {"#position": "position"}, {":was": attribute(position)})


def position_below(position: int) -> Condition:
    """The item is absent or older than `position`."""
    return Condition(
        f"attribute_not_exists({PARTITION_KEY}) OR #position < :now",
        {"#position": "position"},
        {":now": attribute(position)},
    )


@dataclass(frozen=True, slots=True)
class Put:
    """Write the whole item."""

    item: Item
    condition: Condition | None = None

    @property
    def key(self) -> Key:
        """Where it stands."""
        return key_of(self.item)


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the item; without effect where there is none."""

    key: Key
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing; the transaction happens only if the condition holds."""

    key: Key
    condition: Condition


Action = Put | Delete | Check


def is_done(change: Put | Delete, found: Item | None) -> bool:
    """Whether a table whose item is `found` shows the change, as far as its position tells."""
    if isinstance(change, Delete):
        return found is None
    return found is not None and found.get("position") == change.item.get("position")


def request_of(action: Action, table: str) -> dict[str, Any]:
    """The action as one entry of TransactWriteItems."""
    if isinstance(action, Put):
        return {"Put": {"TableName": table, "Item": action.item, **arguments_of(action.condition)}}
    kind = "Delete" if isinstance(action, Delete) else "ConditionCheck"
    return {kind: {"TableName": table, "Key": key_item(action.key), **arguments_of(action.condition)}}


def arguments_of(condition: Condition | None) -> dict[str, Any]:
    """A condition as the arguments of a request."""
    if condition is None:
        return {}
    arguments: dict[str, Any] = {"ConditionExpression": condition.expression}
    if condition.names:
        arguments["ExpressionAttributeNames"] = condition.names
    if condition.values:
        arguments["ExpressionAttributeValues"] = condition.values
    return arguments
