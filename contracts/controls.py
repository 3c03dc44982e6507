"""chat.controls (key: userId or gatewayId, one partition): orders to every gateway (spec 4, 7 and 8)."""

from contracts.envelope import Event
from contracts.ids import ConnectionId, Epoch, Id


class SessionsRevoked(Event, frozen=True, kw_only=True):
    """The user's sockets are closed (4403); tokens issued until `revokedAt` are refused for 24 h, by every door."""

    user_id: Id
    revoked_at: str


class CloseConnection(Event, frozen=True, kw_only=True):
    """The gateway that holds it closes one connection with `code` and `reason`."""

    connection_id: ConnectionId
    user_id: Id
    gateway_id: Id
    epoch: Epoch
    code: int
    reason: str


class EpochLapsed(Event, frozen=True, kw_only=True):
    """Nine ticks without a renewal: the epoch is over. A gateway that reads its own closes all sockets (1012)."""

    gateway_id: Id
    epoch: Epoch
