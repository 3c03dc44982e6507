"""The last leg: a payload into the outboxes of its connections, encoded once, awaiting nobody (design 3).

push(payload, ids) ─▶ one frame ─▶ outbox of each ─▶ (end of the turn) transports
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from contracts.close_codes import BEHIND
from contracts.server_frames import encode_frame
from gateway import metrics
from gateway.connection import Connection
from gateway.endings import Endings
from gateway.outbox import text_frame
from gateway.registry import Registry
from gateway.wheel import Wheel


@dataclass(slots=True)
class Missed:
    """Whom a push did not reach."""

    gone: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    """Too far behind: being closed with 4408."""


class Deliverer:
    """Order: what is pushed first to a connection reaches it first, or the connection is closed."""

    def __init__(self, registry: Registry, endings: Endings, wheel: Wheel) -> None:
        self._registry = registry
        self._endings = endings
        self._wheel = wheel

    def push(self, payload: bytes, connection_ids: Iterable[str]) -> Missed:
        """Put `payload` (UTF-8) as one text frame into each outbox; returns at once."""
        missed, frame, now = Missed(), text_frame(payload), self._wheel.now()
        find, delivered = self._registry.get, 0
        for connection_id in connection_ids:
            connection = find(connection_id)
            if connection is None:
                missed.gone.append(connection_id)
            elif connection.outbox.offer(frame):
                connection.life.active_s = now
                delivered += 1
            else:
                self.fall_behind(connection, "outbox_bytes")
                missed.slow.append(connection_id)
        metrics.DELIVERED.inc(delivered)
        metrics.GONE.inc(len(missed.gone))
        metrics.SLOW.inc(len(missed.slow))
        return missed

    def answer(self, connection: Connection, frame: Struct) -> None:
        """Send one of the gateway's own frames; to a connection that has ended nothing is sent."""
        if connection.ending is not None:
            return
        if connection.outbox.offer(text_frame(encode_frame(frame))):
            connection.life.active_s = self._wheel.now()
        else:
            self.fall_behind(connection, "outbox_bytes")

    def fall_behind(self, connection: Connection, limit: metrics.Limit) -> None:
        """Close a connection that does not read, or that fan-out had to skip: it comes back and catches up."""
        metrics.met(limit)
        connection.outbox.drop()
        self._endings.close(connection, BEHIND)
