"""What waits for one gateway: pushes in order, bounded by count and bytes, and the connections to close first. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from chassis.traces.port import Span
from contracts.connection_api import Push
from services.fanout.delivery import Delivery

_ID_BYTES = 18
_OVERHEAD_BYTES = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One push, and to whom it matters."""

    payload: bytes
    connection_ids: tuple[str, ...]
    delivery: Delivery
    chat_room_id: str | None = None
    message_id: str | None = None
    durable: bool = True
    """A connection that loses it has a hole and must be closed; typing and presence are shown at most once."""
    accepted_ms: int = 0
    """When the log accepted it; 0 where the time from there to its delivery tells nothing (the catch-up window)."""
    span: Span | None = None
    """Of this push, if the trace of its message is recorded."""

    @property
    def size(self) -> int:
        """Bytes in a request, about."""
        return len(self.payload) + _ID_BYTES * len(self.connection_ids) + _OVERHEAD_BYTES

    @property
    def push(self) -> Push:
        """As it goes over the wire."""
        return Push(self.payload, self.connection_ids, self.accepted_ms)


@dataclass(frozen=True, kw_only=True)
class QueueLimits:
    """How much may wait for one gateway, and how much one request carries."""

    pushes: int = 20_000
    bytes: int = 32 * 1024 * 1024
    request_pushes: int = 1_000
    request_bytes: int = 512 * 1024
    request_connections: int = 5_000


@dataclass(frozen=True, slots=True)
class Cargo:
    """What one request carries."""

    items: tuple[Item, ...]
    close: tuple[str, ...]

    @property
    def needed(self) -> bool:
        """Whether anybody still cares for its answer."""
        return bool(self.close) or any(not item.delivery.abandoned for item in self.items)


class GatewayQueue:
    """Bounded; what queues up while a request is under way is the next request."""

    def __init__(self, limits: QueueLimits) -> None:
        self._limits = limits
        self._items: deque[Item] = deque()
        self._marked: dict[str, None] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return bool(self._items or self._marked)

    @property
    def marked(self) -> int:
        """Connections that are to be closed."""
        return len(self._marked)

    def add(self, item: Item) -> bool:
        """Queue `item`; False: there is no room for it."""
        if len(self._items) >= self._limits.pushes or self.bytes + item.size > self._limits.bytes:
            return False
        self._items.append(item)
        self.bytes += item.size
        return True

    def mark(self, connection_ids: Iterable[str]) -> None:
        """The next request closes these before it pushes anything."""
        self._marked.update(dict.fromkeys(connection_ids))

    def take(self) -> Cargo:
        """The next request: all that is to be closed, and the oldest pushes, at least one if there is any."""
        close, self._marked = tuple(self._marked), {}
        items: list[Item] = []
        size = connections = 0
        while self._items and len(items) < self._limits.request_pushes:
            head = self._items[0]
            size += head.size
            connections += len(head.connection_ids)
            if items and (size > self._limits.request_bytes or connections > self._limits.request_connections):
                break
            items.append(self._pop())
        return Cargo(tuple(items), close)

    def drop(self) -> list[Item]:
        """Take out all pushes."""
        dropped = list(self._items)
        self._items.clear()
        self.bytes = 0
        return dropped

    def drop_abandoned(self) -> None:
        """Take out what nobody waits for any more."""
        kept = [item for item in self._items if not item.delivery.abandoned]
        self._items = deque(kept)
        self.bytes = sum(item.size for item in kept)

    def _pop(self) -> Item:
        item = self._items.popleft()
        self.bytes -= item.size
        return item
