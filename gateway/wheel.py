"""The gateway's one timer: what is due, in turns of a tenth of a second, for any number of connections (spec 7).

A timer of the loop for each connection would cost an allocation and a heap entry for each; here an entry is a tuple in
a list. Entries are not taken back: who was called asks whether it still matters.
"""

import asyncio
import heapq
import time
from collections.abc import Callable

from chassis.logs import get_logger
from chassis.tasks import happens_within

_log = get_logger(__name__)

Call = Callable[[float], None]
"""Told the time on the wheel's clock."""


class Wheel:
    """Calls things at their time, never early, at most one turn late while the loop keeps up."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, turn_s: float = 0.1) -> None:
        self._clock = clock
        self._turn_s = turn_s
        self._slots: dict[int, list[tuple[float, Call]]] = {}
        self._order: list[int] = []
        self._sooner = asyncio.Event()

    def now(self) -> float:
        """The time on this clock, in seconds."""
        return self._clock()

    def at(self, when_s: float, call: Call) -> None:
        """Have `call` called at `when_s`, or in the next turn if that has passed."""
        slot = int(when_s / self._turn_s) + 1
        entries = self._slots.get(slot)
        if entries is None:
            entries = self._slots[slot] = []
            if not self._order or slot < self._order[0]:
                self._sooner.set()
            heapq.heappush(self._order, slot)
        entries.append((when_s, call))

    def after(self, seconds: float, call: Call) -> None:
        """Have `call` called in `seconds`."""
        self.at(self._clock() + seconds, call)

    def turn(self) -> float | None:
        """Call all that is due; returns the seconds until more may be, or None if there is nothing."""
        now = self._clock()
        while self._order and self._order[0] * self._turn_s <= now:
            for _, call in self._slots.pop(heapq.heappop(self._order)):
                self._safely(call, now)
        return max(self._order[0] * self._turn_s - now, 0.0) if self._order else None

    async def run(self) -> None:
        """Turn until cancelled; sleeps while nothing is due."""
        while True:
            wait_s = self.turn()
            self._sooner.clear()
            await happens_within(self._sooner, wait_s)

    @staticmethod
    def _safely(call: Call, now: float) -> None:
        try:
            call(now)
        except Exception:  # noqa: BLE001 - one connection's bug must not stop the time of all others
            _log.exception("a timer failed")
