"""What waits to be written to one client, and the one place where all of it is written (design 3).

Nothing here awaits a client: a frame is queued, and at the end of the loop's turn the frames of each connection go to
its transport in one write. A client that does not read fills its outbox and is closed (4408); nobody waits for it.

    offer ─▶ queue ─▶ (end of the turn, one write) ─▶ transport's buffer ─▶ kernel

In a room everybody waits for the same frames: those are joined once, and the joined bytes belong to all of them.
"""

import struct
from collections.abc import Callable
from typing import Protocol

from gateway import metrics

_TEXT = 0x81  # FIN and opcode 1; a server's frames are not masked (RFC 6455, section 5)


def text_frame(payload: bytes) -> bytes:
    """`payload` (UTF-8) as one WebSocket text frame: encoded once, written to any number of connections."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", _TEXT, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", _TEXT, 126, size) + payload
    return struct.pack("!BBQ", _TEXT, 127, size) + payload


class Wire(Protocol):
    """The socket under an outbox."""

    def write(self, data: bytes) -> int:
        """Hand bytes to the transport; never blocks. Returns what the transport then holds, as `unsent`."""

    def unsent(self) -> int:
        """Bytes that the transport still holds."""


class Outbox:
    """The frames for one client, in order. Until `open` they only queue: the handshake is not answered yet."""

    __slots__ = ("_bytes", "_mark", "_mark_s", "_outboxes", "_wire", "_written", "connection_id", "queued")

    def __init__(self, outboxes: "Outboxes", connection_id: str) -> None:
        self._outboxes = outboxes
        self.connection_id = connection_id
        self.queued: list[bytes] = []
        self._bytes = 0
        """Queued, and held by the transport after the last write; since then that can only have become less."""
        self._wire: Wire | None = None
        self._written = 0
        self._mark = 0
        self._mark_s = 0.0

    def offer(self, frame: bytes) -> bool:
        """Queue a frame; False: the client is too far behind, and nothing was queued."""
        size = self._bytes + len(frame)
        if size > self._outboxes.limit_bytes:
            size = self.waiting + len(frame)
            if size > self._outboxes.limit_bytes:
                return False
        self._bytes = size
        queued = self.queued
        if not queued:
            self._outboxes.note(self)
        queued.append(frame)
        return True

    def open(self, wire: Wire) -> None:
        """The 101 is out: what has queued up follows it."""
        self._wire = wire
        self.flush()

    def drop(self) -> None:
        """Forget what is queued."""
        self.queued = []

    def close(self) -> None:
        """Nothing more is written."""
        self._wire = None
        self.drop()

    def flush(self) -> None:
        """Write what is queued, in one write."""
        self.write(b"".join(self.queued))

    def write(self, joined: bytes) -> None:
        """Write `joined`, which is all that is queued."""
        if self._wire is None or not joined:
            return
        self.queued = []
        self._written += len(joined)
        unsent = self._bytes = self._wire.write(joined)
        if unsent:
            self._outboxes.watch(self)

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return sum(map(len, self.queued)) + (self._wire.unsent() if self._wire is not None else 0)

    def mark(self, now: float) -> None:
        """Remember what is to be gone in time."""
        self._mark, self._mark_s = self._written, now

    def stuck_s(self, now: float) -> float | None:
        """For how long at least its oldest byte has waited; None: all is gone."""
        unsent = self._wire.unsent() if self._wire is not None else 0
        if unsent == 0:
            return None
        if self._written - unsent >= self._mark:
            self.mark(now)
        return now - self._mark_s


class Outboxes:
    """All outboxes of the process: writes them once a turn, and knows which do not empty."""

    def __init__(self, *, limit_bytes: int, soon: Callable[[Callable[[], None]], object]) -> None:
        """`soon` is the loop's `call_soon`."""
        self.limit_bytes = limit_bytes
        self._soon = soon
        self._noted: list[Outbox] = []
        self._watched: dict[Outbox, None] = {}
        self._new: list[Outbox] = []

    def note(self, outbox: Outbox) -> None:
        """`outbox` has something to write at the end of this turn."""
        if not self._noted:
            self._soon(self.flush)
        self._noted.append(outbox)

    def flush(self) -> None:
        """Write all that was noted."""
        noted, self._noted = self._noted, []
        frames: list[bytes] = []
        joined = b""
        for outbox in noted:
            if outbox.queued != frames:
                frames = outbox.queued
                joined = b"".join(frames)
            outbox.write(joined)

    def watch(self, outbox: Outbox) -> None:
        """The kernel did not take all that `outbox` has written: look after it."""
        if outbox not in self._watched:
            self._watched[outbox] = None
            self._new.append(outbox)

    def stuck(self, now: float, limit_s: float) -> list[str]:
        """Connections whose oldest byte has waited for longer than `limit_s`; ask about once a second."""
        for outbox in self._new:
            outbox.mark(now)
        self._new.clear()
        found: list[str] = []
        waiting = fullest = 0
        for outbox in list(self._watched):
            stuck_s, size = outbox.stuck_s(now), outbox.waiting
            waiting, fullest = waiting + size, max(fullest, size)
            if stuck_s is None:
                del self._watched[outbox]
            elif stuck_s > limit_s:
                found.append(outbox.connection_id)
        metrics.OUTBOX_BYTES.set(waiting)
        metrics.OUTBOX_FULLEST_BYTES.set(fullest)
        return found
