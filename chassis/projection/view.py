"""Rows that are known, by key, and what an event makes of them. Pure."""

from collections.abc import Mapping, MutableMapping

from contracts.rows import AnyRow, Row
from contracts.table import Key

Rows = Mapping[Key, Row]
"""The part of the table that was read, or all of it; what is not in it is absent."""
Writes = dict[Key, Row | None]
"""Rows to put; None: the row goes."""


class Contradiction(Exception):
    """An event that cannot follow those before it: the log, or the part of it that was read, is not whole."""

    code = "CONTRADICTION"
    retryable = False


def held(rows: Rows, key: Key, cls: type[AnyRow]) -> AnyRow | None:
    """The row at `key`, or None."""
    found = rows.get(key)
    return found if isinstance(found, cls) else None


def required(rows: Rows, key: Key, cls: type[AnyRow]) -> AnyRow:
    """The row at `key`; raises Contradiction where it is missing."""
    found = held(rows, key, cls)
    if found is None:
        raise Contradiction(f"the row {key.pk} {key.sk} is missing")
    return found


def apply(rows: MutableMapping[Key, Row], writes: Writes) -> None:
    """Change `rows` as the writes say."""
    for key, row in writes.items():
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = row
