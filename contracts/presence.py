"""chat.presence (key: userId, compacted): a user's open connections, as presence folds them (spec 9 and 11)."""

from typing import Literal

from msgspec import Struct

from contracts.envelope import Event
from contracts.ids import ConnectionId, Epoch, Id

PresenceStatus = Literal["online", "offline"]


class OpenConnection(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where one socket is, and since when by the broker's clock."""

    connection_id: ConnectionId
    gateway_id: Id
    epoch: Epoch
    connected_at: str
    timestamp: int
    """Broker time of its `connected`, epoch ms: catch-up starts 5 s before it (spec 9)."""
    features: tuple[str, ...] = ()


class PresenceChanged(Event, frozen=True, kw_only=True):
    """All there is to know of where a user is; the newest value replaces the older ones.

    `position` is the offset in chat.connections that it stands at: a reader ignores a value with a lower one. The end
    of the grace period changes the status at the same position.
    """

    user_id: Id
    status: PresenceStatus
    last_seen_at: str
    presence_version: int
    """Rises with each change of `status`; the `version` of PRESENCE frames."""
    position: int
    connections: tuple[OpenConnection, ...] = ()
