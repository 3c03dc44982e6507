"""How big DynamoDB takes an item to be, never too small. Pure."""

from chassis.items import Attribute, Item

ITEM_BYTES = 400 * 1024
"""DynamoDB refuses a larger one."""
TRANSACTION_BYTES = 3_800_000
"""DynamoDB refuses 4 MB in all; what it counts besides the items is left to it."""

_NUMBER_BYTES = 21
_CONTAINER_BYTES = 3


def item_size(item: Item) -> int:
    """Bytes of the item: names and values."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Attribute) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return _NUMBER_BYTES
        case "L":
            return _CONTAINER_BYTES + sum(1 + _value_size(part) for part in content)
        case "M":
            return _CONTAINER_BYTES + sum(1 + len(name.encode()) + _value_size(part) for name, part in content.items())
    return 1
