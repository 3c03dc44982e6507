"""chat.signals (key: chatRoomId): what is shown for a moment and stored nowhere (spec 3)."""

from contracts.envelope import Event
from contracts.ids import ConnectionId, Id


class Typing(Event, frozen=True, kw_only=True):
    """Somebody is writing in a room; clients show it for 5 s."""

    chat_room_id: Id
    user_id: Id
    connection_id: ConnectionId
