"""The catch-up window (spec 9): frames of facts that were routed lately, for connections that are learned of late.

    handshake ── messages are posted ── fan-out learns of the connection
        └────────── pushed from the window, in order ──────────┘ then live

Broker times throughout. Bounded by time, count and bytes; `reaches_ms` says from when on nothing is missing.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from services.fanout.route import Frame

_OVERHEAD_BYTES = 300


@dataclass(frozen=True, slots=True)
class Kept:
    """One frame, with the people as of then."""

    time_ms: int
    newest_ms: int
    """The latest time of all that were kept up to here: rooms are routed side by side, so times step back a little."""
    chat_room_id: str
    frame: Frame

    @property
    def size(self) -> int:
        """Bytes that it holds in memory, about; its people are shared with other frames."""
        return len(self.frame.payload) + _OVERHEAD_BYTES


class Window:
    """The frames of one partition."""

    def __init__(self, *, reaches_ms: int, length_ms: int, frames_most: int, bytes_most: int) -> None:
        self._kept: deque[Kept] = deque()
        self._length_ms = length_ms
        self._frames_most = frames_most
        self._bytes_most = bytes_most
        self._newest_ms = reaches_ms
        self.reaches_ms = reaches_ms
        """Every frame of this time or later that was routed is here."""
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def starts_ms(self) -> int:
        """Older ones are let go."""
        return self._newest_ms - self._length_ms

    def add(self, frame: Frame, chat_room_id: str, time_ms: int) -> None:
        """Keep `frame`, which was posted at `time_ms`, and let go of what is too old or too much."""
        self._newest_ms = max(self._newest_ms, time_ms)
        kept = Kept(time_ms, self._newest_ms, chat_room_id, frame)
        self._kept.append(kept)
        self.bytes += kept.size
        while self._too_much():
            self._let_go()

    def since(self, time_ms: int) -> list[Kept]:
        """The frames posted at `time_ms` or later, in the order in which they were routed."""
        return list(self._newer(time_ms))[::-1]

    def covers(self, time_ms: int) -> bool:
        """Whether `since(time_ms)` lacks nothing."""
        return time_ms >= self.reaches_ms

    def _newer(self, time_ms: int) -> Iterator[Kept]:
        for kept in reversed(self._kept):
            if kept.newest_ms < time_ms:
                return
            if kept.time_ms >= time_ms:
                yield kept

    def _too_much(self) -> bool:
        if not self._kept:
            return False
        too_old = self._kept[0].time_ms < self.starts_ms
        return too_old or len(self._kept) > self._frames_most or self.bytes > self._bytes_most

    def _let_go(self) -> None:
        kept = self._kept.popleft()
        self.bytes -= kept.size
        # Others of the same millisecond may have gone too.
        self.reaches_ms = max(self.reaches_ms, kept.time_ms + 1)
