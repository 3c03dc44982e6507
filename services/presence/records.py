"""A batch of one partition as one transaction: both records of each connection, and the fence (spec 5). Pure.

The fence is the partition's CHECKPOINT: a worker that has lost the partition cannot bring a deleted record back, for
its condition fails.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import UNSET

from chassis.actions import Action, Delete, Put, absent, position_is
from chassis.items import item
from contracts import table
from contracts.limits import CONNECTION_TTL_S, TRANSACTION_ACTIONS
from contracts.presence import OpenConnection
from contracts.rows import CheckpointRow, ConnectionRow, UserConnectionRow
from contracts.timestamps import epoch_ms
from contracts.topics import CONNECTIONS

MOST_CONNECTIONS = (TRANSACTION_ACTIONS - 1) // 2


@dataclass(slots=True)
class Change:
    """What one event does to the records."""

    offset: int
    user_id: str
    connection_id: str
    opened: OpenConnection | None = field(default=None)
    """None: both records are deleted."""


def transaction(changes: Iterable[Change], partition: int, *, checkpoint: int | None, following: int) -> list[Action]:
    """The writes of `changes` in order (the last for a connection counts), and the fence moved to `following`.

    `checkpoint` is what the writer read there; None: no such row.
    """
    last = {change.connection_id: change for change in changes}
    actions: list[Action] = [action for change in last.values() for action in _writes(change)]
    condition = absent() if checkpoint is None else position_is(checkpoint)
    key = table.checkpoint(CONNECTIONS.name, partition)
    return [*actions, Put(item(key, CheckpointRow(position=following)), condition)]


def _writes(change: Change) -> list[Action]:
    by_id = table.connection(change.connection_id)
    by_user = table.user_connection(change.user_id, change.connection_id)
    opened = change.opened
    if opened is None:
        return [Delete(by_id), Delete(by_user)]
    ttl = epoch_ms(opened.connected_at) // 1000 + CONNECTION_TTL_S
    row = ConnectionRow(
        position=change.offset,
        connection_id=opened.connection_id,
        user_id=change.user_id,
        gateway_id=opened.gateway_id,
        epoch=opened.epoch,
        connected_at=opened.connected_at,
        features=opened.features or UNSET,
        ttl=ttl,
    )
    half = UserConnectionRow(
        position=change.offset,
        connection_id=opened.connection_id,
        gateway_id=opened.gateway_id,
        epoch=opened.epoch,
        connected_at=opened.connected_at,
        ttl=ttl,
    )
    return [Put(item(by_id, row)), Put(item(by_user, half))]
