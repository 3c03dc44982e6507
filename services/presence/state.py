"""What an event does to a user's presence: pure (spec 4, 7 and 9)."""

from dataclasses import dataclass, field, replace

from contracts.connections import Connected, Disconnected, Retired
from contracts.ids import new_event_id
from contracts.presence import OpenConnection, PresenceChanged, PresenceStatus
from contracts.timestamps import iso

ConnectionEvent = Connected | Disconnected | Retired


@dataclass(frozen=True, slots=True)
class UserState:
    """All there is to know of one user; what stands on chat.presence."""

    user_id: str
    status: PresenceStatus = "offline"
    last_seen_at: str = ""
    version: int = 0
    """Rises with each change of `status`."""
    position: int = -1
    """Offset in chat.connections of the last event in it."""
    connections: tuple[OpenConnection, ...] = ()

    @property
    def in_grace(self) -> bool:
        """Whether the last connection has gone and nobody was told yet."""
        return self.status == "online" and not self.connections


@dataclass(frozen=True, slots=True)
class Step:
    """The next state, and what the event asks for."""

    state: UserState
    opened: OpenConnection | None = None
    """Its two records are written."""
    ended: str | None = None
    """The connection id whose two records are deleted."""
    surplus: OpenConnection | None = None
    """One too many: its gateway closes it with 4409."""
    refused: Connected | None = None
    """A connection of an epoch that has ended: retired on reading (spec 4)."""
    applied: bool = field(default=True)
    """False: the event was in the state already."""


def fold(
    state: UserState, event: ConnectionEvent, offset: int, timestamp: int, *, epoch_ended: bool, most: int
) -> Step:
    """Apply `event`, which stands at `offset` with the broker time `timestamp` (epoch ms)."""
    if offset <= state.position:
        return Step(state, applied=False)
    if isinstance(event, Connected):
        if epoch_ended:
            return Step(replace(state, position=offset), refused=event)
        return _opened(state, event, offset, timestamp, most)
    left = tuple(one for one in state.connections if one.connection_id != event.connection_id)
    seen = iso(timestamp) if len(left) < len(state.connections) else state.last_seen_at
    return Step(
        replace(state, connections=left, position=offset, last_seen_at=seen or iso(timestamp)),
        ended=event.connection_id,
    )


def _opened(state: UserState, event: Connected, offset: int, timestamp: int, most: int) -> Step:
    connection = OpenConnection(
        connection_id=event.connection_id,
        gateway_id=event.gateway_id,
        epoch=event.epoch,
        connected_at=event.connected_at,
        timestamp=timestamp,
        features=event.features,
    )
    others = tuple(one for one in state.connections if one.connection_id != event.connection_id)
    after = replace(
        state,
        status="online",
        version=state.version if state.status == "online" else state.version + 1,
        last_seen_at=iso(timestamp),
        position=offset,
        connections=(*others, connection),
    )
    surplus = connection if len(after.connections) > most else None
    return Step(after, opened=connection, surplus=surplus)


def gone_offline(state: UserState) -> UserState:
    """The grace is over: offline, at the same position."""
    return replace(state, status="offline", version=state.version + 1)


def event_of(state: UserState, occurred_at: str) -> PresenceChanged:
    """The state as it is published."""
    return PresenceChanged(
        event_id=new_event_id(),
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
