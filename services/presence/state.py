"""Where a user is: the fold of chat.connections (spec 4, 7 and 9). Pure.

The same log always gives the same connections. An event at or below the state's position changes nothing, so a
redelivery is harmless; one that changes nothing leaves the very same object. The end of the grace depends on time and
is a change of its own, at the same position.
"""

from dataclasses import dataclass, replace

from contracts.connections import FEATURES, Connected
from contracts.ids import derived_event_id
from contracts.presence import OpenConnection, PresenceChanged, PresenceStatus
from contracts.timestamps import iso
from services.presence.received import Received


@dataclass(frozen=True, slots=True)
class UserState:
    """All there is to know of where one user is; what stands on chat.presence."""

    user_id: str
    status: PresenceStatus = "offline"
    last_seen_at: str = ""
    """Broker time of the last event that opened or closed a connection."""
    version: int = 0
    """Rises by one with each change of `status`."""
    position: int = -1
    """Offset in chat.connections of the last event that changed it."""
    connections: tuple[OpenConnection, ...] = ()
    """In the order of the log: the newest last."""

    @property
    def in_grace(self) -> bool:
        """Whether the last connection has gone and the user still counts as online."""
        return self.status == "online" and not self.connections

    @property
    def age(self) -> tuple[int, int]:
        """Orders the states of one user: of two, the greater is the newer one."""
        return (self.position, self.version)


def fold(state: UserState, received: Received) -> UserState:
    """The state after an event; `state` itself where the event changes nothing."""
    if received.offset <= state.position:
        return state
    known = any(one.connection_id == received.event.connection_id for one in state.connections)
    if isinstance(received.event, Connected):
        return state if known else _opened(state, received, received.event)
    return _closed(state, received) if known else state


def offline(state: UserState) -> UserState:
    """The grace is over: offline, at the same position; `state` itself for who is not in grace."""
    if not state.in_grace:
        return state
    return replace(state, status="offline", version=state.version + 1)


def surplus(state: UserState, most: int) -> tuple[OpenConnection, ...]:
    """The newest connections beyond `most`: their gateways close them with 4409 (spec 7)."""
    return state.connections[most:]


def event_of(state: UserState, occurred_at: str) -> PresenceChanged:
    """The state as it is published; a state that is published again has the same eventId."""
    return PresenceChanged(
        event_id=derived_event_id(f"presence#{state.user_id}#{state.position}", state.version),
        occurred_at=occurred_at,
        user_id=state.user_id,
        status=state.status,
        last_seen_at=state.last_seen_at,
        presence_version=state.version,
        position=state.position,
        connections=state.connections,
    )


def state_of(event: PresenceChanged) -> UserState:
    """A published state as it was."""
    return UserState(
        user_id=event.user_id,
        status=event.status,
        last_seen_at=event.last_seen_at,
        version=event.presence_version,
        position=event.position,
        connections=event.connections,
    )


def _opened(state: UserState, received: Received, event: Connected) -> UserState:
    connection = OpenConnection(
        connection_id=event.connection_id,
        gateway_id=event.gateway_id,
        epoch=event.epoch,
        connected_at=event.connected_at,
        timestamp=received.arrived_ms,
        features=features_of(event),
    )
    return UserState(
        user_id=state.user_id,
        status="online",
        last_seen_at=iso(received.arrived_ms),
        version=state.version if state.status == "online" else state.version + 1,
        position=received.offset,
        connections=(*state.connections, connection),
    )


def _closed(state: UserState, received: Received) -> UserState:
    left = tuple(one for one in state.connections if one.connection_id != received.event.connection_id)
    return replace(state, last_seen_at=iso(received.arrived_ms), position=received.offset, connections=left)


def features_of(event: Connected) -> tuple[str, ...]:
    """The features that exist, once each: what a row and a state hold of an event is bounded."""
    return tuple(feature for feature in FEATURES if feature in event.features)
