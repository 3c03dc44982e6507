"""Both records of a connection, put and deleted together (spec 5). Pure.

What an event does to the table follows from the event alone; the fence (fence.py) sees to it that each is done once
and in the order of the log.
"""

from collections.abc import Iterable

from msgspec import UNSET

from chassis.actions import Action, Delete, Put
from chassis.items import item
from contracts import table
from contracts.connections import Connected
from contracts.limits import CONNECTION_TTL_S, TRANSACTION_ACTIONS
from contracts.rows import ConnectionRow, UserConnectionRow
from contracts.timestamps import epoch_ms
from services.presence.received import Received
from services.presence.state import features_of

MOST_EVENTS = (TRANSACTION_ACTIONS - 1) // 2
"""Two records for each, and the fence."""


def actions_of(events: Iterable[Received]) -> list[Action]:
    """The writes of events in the order of the log; of several on one connection the last counts."""
    last = {received.event.connection_id: received for received in events}
    return [action for received in last.values() for action in _both(received)]


def _both(received: Received) -> list[Action]:
    event = received.event
    by_id = table.connection(event.connection_id)
    by_user = table.user_connection(event.user_id, event.connection_id)
    if not isinstance(event, Connected):
        return [Delete(by_id), Delete(by_user)]
    rows = rows_of_connected(event, received.offset)
    return [Put(item(by_id, rows[0])), Put(item(by_user, rows[1]))]


def rows_of_connected(event: Connected, offset: int) -> tuple[ConnectionRow, UserConnectionRow]:
    """Both records of a connection whose `connected` stands at `offset`: by its id, and by its user.

    Raises ValueError where `connectedAt` is no time.
    """
    ttl = epoch_ms(event.connected_at) // 1000 + CONNECTION_TTL_S
    whole = ConnectionRow(
        position=offset,
        connection_id=event.connection_id,
        user_id=event.user_id,
        gateway_id=event.gateway_id,
        epoch=event.epoch,
        connected_at=event.connected_at,
        features=features_of(event) or UNSET,
        ttl=ttl,
    )
    of_user = UserConnectionRow(
        position=offset,
        connection_id=event.connection_id,
        gateway_id=event.gateway_id,
        epoch=event.epoch,
        connected_at=event.connected_at,
        ttl=ttl,
    )
    return whole, of_user
