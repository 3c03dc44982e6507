"""chat.deliveries (key: chatRoomId): what became of each bulk push, for replay (spec 11)."""

from msgspec import Struct

from contracts.envelope import Event
from contracts.ids import ConnectionId, Epoch, Id


class DeliveredMessage(Struct, frozen=True, kw_only=True, rename="camel"):
    """One message of a push."""

    message_id: str
    connections: int
    """How many connections it was pushed to, the gone and slow ones included."""


class Pushed(Event, frozen=True, kw_only=True):
    """One gateway's answer for one room's share of a bulk push."""

    chat_room_id: Id
    gateway_id: Id
    epoch: Epoch
    messages: tuple[DeliveredMessage, ...]
    gone: tuple[ConnectionId, ...] = ()
    slow: tuple[ConnectionId, ...] = ()
    dropped: tuple[ConnectionId, ...] = ()
    """Those that fan-out gave up on (queue full, gateway away 30 s): closed with 4408 when the gateway is back."""
