"""Bad records of topics that every worker reads: one of them puts each aside. Pure.

Who that is may be open for a moment, when partition 0 goes from one to another. So each worker keeps what it has read
until it has told of it, or until another has ticked twice: by then that one has read it too and had its turn.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from chassis.dead_letters import dead_letter
from chassis.records import Outgoing, Record

MOST: Final = 1_000
TURNS: Final = 2


@dataclass(slots=True, eq=False)
class Bad:
    """One record, and how often another worker has ticked since it was read."""

    record: Record
    error: Exception
    turns: int = 0

    def letter(self) -> Outgoing:
        """Its dead letter."""
        return dead_letter(self.record, self.error)


class Aside:
    """What nobody is known to have told of yet; the oldest are let go beyond 1,000."""

    def __init__(self) -> None:
        self._waiting: deque[Bad] = deque(maxlen=MOST)

    def add(self, record: Record, error: Exception) -> None:
        """Keep it for whoever keeps the time at the next tick."""
        self._waiting.append(Bad(record, error))

    def another_ticked(self) -> None:
        """Let go of what another worker has told of by now."""
        for bad in self._waiting:
            bad.turns += 1
        while self._waiting and self._waiting[0].turns >= TURNS:
            self._waiting.popleft()

    def waiting(self) -> list[Bad]:
        """All that is to be told of."""
        return list(self._waiting)

    def told(self, those: Collection[Bad]) -> None:
        """Kafka has the dead letters of `those`."""
        for bad in those:
            if bad in self._waiting:
                self._waiting.remove(bad)
