"""What goes out besides messages: read marks, typing, the heartbeat; each as rarely as allowed (spec 3, 10). Pure."""

from __future__ import annotations

from contracts.client_frames import ClientFrame, MarkReadFrame, PingFrame, TypingFrame
from contracts.limits import READ_MARK_INTERVAL_S, TYPING_INTERVAL_S

PING_INTERVAL_S = 30.0


class Upkeep:
    """Times are seconds of any one clock."""

    def __init__(self) -> None:
        self._ping_at = 0.0
        self._typing_free_at = 0.0
        self._typing_wanted = False
        self._marked = 0
        self._mark_free_at = 0.0

    def connected(self, now: float) -> None:
        """A connection is open."""
        self._ping_at = now + PING_INTERVAL_S
        self._typing_wanted = False

    def entered(self) -> None:
        """Another room is on the screen."""
        self._marked, self._mark_free_at, self._typing_free_at = 0, 0.0, 0.0
        self._typing_wanted = False

    def typed(self, now: float) -> None:
        """A key was pressed."""
        if now >= self._typing_free_at:
            self._typing_free_at, self._typing_wanted = now + TYPING_INTERVAL_S, True

    def frames(self, now: float, chat_room_id: str, seen: int, *, others: bool) -> list[ClientFrame]:
        """What is due, where everything up to `seen` was seen; `others` are sent beside, so no heartbeat is needed."""
        frames: list[ClientFrame] = []
        if self._typing_wanted:
            frames.append(TypingFrame(chat_room_id=chat_room_id))
        if seen > self._marked and now >= self._mark_free_at:
            self._marked, self._mark_free_at = seen, now + READ_MARK_INTERVAL_S
            frames.append(MarkReadFrame(chat_room_id=chat_room_id, seq=seen))
        if now >= self._ping_at and not frames and not others:
            frames.append(PingFrame())
        if frames or others:
            self._ping_at = now + PING_INTERVAL_S
        self._typing_wanted = False
        return frames

    def next_due_at(self, seen: int) -> float:
        """When `frames` will have something."""
        return min(self._ping_at, self._mark_free_at) if seen > self._marked else self._ping_at
