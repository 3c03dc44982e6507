"""The last leg: a payload into the outboxes of its connections, encoded once, awaiting nobody (design 3).

push(payload, ids) ─▶ one frame ─▶ outbox of each ─▶ (end of the turn) transports
"""

from collections.abc import Sequence
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

    def push(self, payload: bytes, connection_ids: Sequence[str]) -> Missed:
        """Put `payload` (UTF-8) as one text frame into each outbox; returns at once."""
        return self.push_all((payload,), connection_ids)

    def push_all(self, payloads: Sequence[bytes], connection_ids: Sequence[str]) -> Missed:
        """Put each of `payloads` as one text frame into each outbox, all of them or none; returns at once."""
        missed, frames, now = Missed(), b"".join(map(text_frame, payloads)), self._wheel.now()
        find = self._registry.get
        for connection_id in connection_ids:
            connection = find(connection_id)
            if connection is None:
                missed.gone.append(connection_id)
            elif connection.outbox.offer(frames):
                connection.life.active_s = now
            else:
                self.fall_behind(connection, "outbox_bytes")
                missed.slow.append(connection_id)
        delivered = len(connection_ids) - len(missed.gone) - len(missed.slow)
        metrics.DELIVERED.inc(delivered * len(payloads))
        metrics.GONE.inc(len(missed.gone) * len(payloads))
        metrics.SLOW.inc(len(missed.slow) * len(payloads))
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
