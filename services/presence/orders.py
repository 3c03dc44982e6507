"""What presence asks of others: `retired` for the log, `closeConnection` for a gateway (spec 4 and 7). Pure."""

from chassis.records import Outgoing, outgoing
from contracts.close_codes import TOO_MANY_CONNECTIONS
from contracts.connections import Connected, Retired
from contracts.controls import CloseConnection
from contracts.ids import derived_event_id
from contracts.presence import OpenConnection
from contracts.topics import CONNECTIONS, CONTROLS
from services.presence.leases import Cause


def retirement(user_id: str, connection: OpenConnection | Connected, cause: Cause, occurred_at: str) -> Outgoing:
    """The connection is known to be gone; published twice it has the same eventId."""
    event = Retired(
        event_id=derived_event_id(f"retired#{connection.connection_id}"),
        occurred_at=occurred_at,
        connection_id=connection.connection_id,
        user_id=user_id,
        gateway_id=connection.gateway_id,
        epoch=connection.epoch,
        cause=cause,
    )
    return outgoing(CONNECTIONS, user_id, event)


def closing(user_id: str, connection: OpenConnection, occurred_at: str) -> Outgoing:
    """The user has too many: the gateway that holds it closes it with 4409."""
    event = CloseConnection(
        event_id=derived_event_id(f"close#{connection.connection_id}"),
        occurred_at=occurred_at,
        connection_id=connection.connection_id,
        user_id=user_id,
        gateway_id=connection.gateway_id,
        epoch=connection.epoch,
        code=TOO_MANY_CONNECTIONS.code,
        reason=TOO_MANY_CONNECTIONS.reason,
    )
    return outgoing(CONTROLS, connection.gateway_id, event)
