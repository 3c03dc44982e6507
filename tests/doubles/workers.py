"""Workers of persistence over a log in memory: the run loop's promises without a broker, and all that can go wrong.

A worker handles one room's records in order, from an offset that was committed once. It may die between any two steps,
and another one, or a zombie of it, may go on at any time. Nothing here waits, so a step is run to its end by `drive`.
"""

from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chassis.batches import Handled
from chassis.records import Outgoing, Record
from chassis.table_errors import TableUnavailable
from services.persistence.cache import RoomCache
from services.persistence.case import Rules
from services.persistence.rooms import RoomHandler
from services.persistence.store import RoomStore
from services.persistence.transaction import Limits
from tests.doubles.table import MemoryTable

Result = TypeVar("Result")

SMALL = Limits(actions=14, facts_bytes=2_500)
"""So that short batches are cut too."""


class Died(Exception):
    """The process is gone; what it had written stays."""


def drive(work: Coroutine[Any, Any, Result]) -> Result:
    """Run what never waits."""
    try:
        work.send(None)
    except StopIteration as ended:
        result: Result = ended.value
        return result
    raise AssertionError("a double waited for something")


@dataclass
class Log:
    """What stands in the topics."""

    rooms: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    facts: list[Outgoing] = field(default_factory=list)
    dead_letters: list[Record] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Of each room so many records are done: whoever starts may begin there, or before."""


class Worker:
    """One process; `place` says how many records of each room it has handled."""

    def __init__(self, table: MemoryTable, log: Log, rules: Rules) -> None:
        self.table = table
        self.log = log
        self.rules = rules
        self.restart({})

    def drain(self, room: str, most: int) -> None:
        """Go on until all of the room is done."""
        tries = 0
        while self.step(room, most):
            tries += 1
            assert tries < 20 * (1 + len(self.log.rooms[room])), "a room does not move on"

    def restart(self, back: dict[str, int]) -> None:
        """A new process begins where the log says, or `back` records before."""
        self.handler = RoomHandler(RoomStore(self.table, RoomCache(1_000)), self.rules, SMALL)
        self.place = {room: max(0, self.log.done[room] - back.get(room, 0)) for room in self.log.rooms}

    def step(self, room: str, most: int, *, published: int | None = None) -> bool:
        """One batch; False when there is nothing to do. Dies after `published` facts if that is given."""
        start = self.place.setdefault(room, 0)
        batch = self.log.rooms[room][start : start + most]
        if not batch:
            return False
        handled = self._handled(batch)
        if handled is None:
            return True
        self._publish(handled.publish, published)
        taken = len(batch) if handled.taken is None else handled.taken
        self.place[room] = start + taken
        self.log.done[room] = max(self.log.done[room], start + taken)
        return True

    def _handled(self, batch: Sequence[Record]) -> Handled | None:
        """What the handler says; None after a retryable error: the same batch comes again."""
        try:
            return drive(self.handler.handle(batch))
        except Exception as error:
            if isinstance(error, Died):
                raise
            if getattr(error, "retryable", False):
                return None
            return self._part(batch, error)

    def _part(self, batch: Sequence[Record], error: Exception) -> Handled | None:
        if len(batch) > 1:
            half = len(batch) // 2
            handled = self._handled(batch[:half])
            return handled and Handled(handled.publish, taken=half if handled.taken is None else handled.taken)
        self.log.dead_letters.append(batch[0])
        return Handled(self._answer(batch[0], error).publish, taken=1)

    def _answer(self, record: Record, error: Exception) -> Handled:
        for _ in range(5):
            try:
                return drive(self.handler.answer_dead_letter(record, error))
            except Exception as second:
                if not getattr(second, "retryable", False):
                    raise
        raise AssertionError("a dead letter is never answered")

    def _publish(self, messages: Sequence[Outgoing], most: int | None) -> None:
        self.log.facts.extend(messages if most is None else messages[:most])
        if most is not None:
            raise Died


class Faults:
    """What happens at the table's next call of some kind; once."""

    def __init__(self, table: MemoryTable) -> None:
        self.table = table
        self._before, self._after = table.before, table.after

    def none(self) -> None:
        """All is well again."""
        self.table.before, self.table.after = self._before, self._after

    def before(self, call: str, act: Callable[[], None]) -> None:
        """`act` runs ahead of the next `call`."""

        async def hook(made: str) -> None:
            if made == call:
                self.none()
                act()

        self.table.before = hook

    def after(self, call: str, act: Callable[[], None]) -> None:
        """`act` runs behind the next `call`, whose effects stand."""

        async def hook(made: str) -> None:
            if made == call:
                self.none()
                act()

        self.table.after = hook


def die() -> None:
    """kill -9."""
    raise Died


def away() -> None:
    """The table does not answer."""
    raise TableUnavailable("away")
