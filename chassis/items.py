"""Rows of the contract as DynamoDB's typed attribute maps, and back."""

from typing import Any

import msgspec

from contracts.rows import AnyRow
from contracts.table import PARTITION_KEY, SORT_KEY, Key

Attribute = dict[str, Any]
Item = dict[str, Attribute]


def item(key: Key, row: msgspec.Struct) -> Item:
    """The item to put: the key's attributes and the row's; absent fields stay absent."""
    attributes = msgspec.to_builtins(row, builtin_types=(bytes,))
    made = {name: attribute(value) for name, value in attributes.items()}
    made[PARTITION_KEY] = {"S": key.pk}
    made[SORT_KEY] = {"S": key.sk}
    return made


def row(cls: type[AnyRow], stored: Item) -> AnyRow:
    """The row in an item; attributes that the contract does not know are ignored. Raises msgspec.ValidationError."""
    return msgspec.convert({name: plain(value) for name, value in stored.items()}, cls)


def key_of(stored: Item) -> Key:
    """Where an item stands."""
    return Key(stored[PARTITION_KEY]["S"], stored[SORT_KEY]["S"])


def key_item(key: Key) -> Item:
    """A key as DynamoDB wants it."""
    return {PARTITION_KEY: {"S": key.pk}, SORT_KEY: {"S": key.sk}}


def attribute(value: object) -> Attribute:
    """One value with its type."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, list | tuple):
        return {"L": [attribute(part) for part in value]}
    if isinstance(value, dict):
        return {"M": {str(name): attribute(part) for name, part in value.items()}}
    raise TypeError(f"no attribute type for {type(value).__name__}")


def plain(value: Attribute) -> object:
    """One attribute without its type."""
    ((kind, content),) = value.items()
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else float(content)
    if kind == "L":
        return [plain(part) for part in content]
    if kind == "M":
        return {name: plain(part) for name, part in content.items()}
    if kind == "NULL":
        return None
    return content
