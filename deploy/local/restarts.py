"""When a process that died is started again, and when that is given up (spec 13). Pure."""

from __future__ import annotations

WINDOW_S = 60.0
MOST_DEATHS = 5


class Restarts:
    """The deaths of one process within the last minute."""

    def __init__(self) -> None:
        self._deaths: list[float] = []

    def died(self, now_s: float) -> float | None:
        """Seconds to wait before the next start (1, 2, 4, 8), or None at the fifth death within a minute."""
        self._deaths = [at for at in self._deaths if now_s - at < WINDOW_S] + [now_s]
        return None if len(self._deaths) >= MOST_DEATHS else 2.0 ** (len(self._deaths) - 1)
