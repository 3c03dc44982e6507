"""Which fault comes when, and what becomes of it: alone or in pairs, at random moments, from a seed."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.chaos.faults import catalog
from tests.chaos.faults.fault import Fault, NotPossible, Stage
from tests.chaos.journal import FaultBegan, FaultEnded, Recovered
from tests.chaos.load import JournalBook
from tests.chaos.until import until

RECOVERED_WITHIN_S = 120.0
PAUSE_S = (2.0, 8.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is done. With `kills` or `messages` the run lasts until so many were done, else `seconds`."""

    seed: int
    seconds: float = 600.0
    kills: int = 0
    messages: int = 0
    """Acknowledgements that the run needs, besides."""
    longest_s: float = 20.0
    """No fault is held longer than this, if a shorter one of its kind exists."""
    pairs: float = 0.25
    """How many faults come with a second one."""
    others: float = 0.1
    """With `kills`: how many faults are of another kind."""


class Schedule:
    """`await Schedule(…).run()`; a fault that cannot be done is noted and passed over."""

    def __init__(self, stage: Stage, plan: Plan, book: JournalBook, say: Callable[[str], None]) -> None:
        self._stage, self._plan, self._book, self._say = stage, plan, book, say
        # Its own dice: what people do must not change which faults come.
        self._dice = random.Random(plan.seed)
        self._began = book.now()
        self.faults = self.kills = self.failed = 0
        self._is_over = False

    def give_up(self) -> None:
        """No fault after the one that is on."""
        self._is_over = True

    @property
    def done(self) -> float:
        """The share of the plan that is done."""
        goals = ((self.kills, self._plan.kills), (self._book.acked, self._plan.messages))
        shares = [reached / goal for reached, goal in goals if goal]
        if shares:
            return min(shares)
        return (self._book.now() - self._began) / self._plan.seconds

    async def run(self) -> None:
        """Until the plan is done."""
        while self.done < 1 and not self._is_over:
            drawn = [self._draw()]
            if self._dice.random() < self._plan.pairs:
                drawn.append(self._draw())
            delays = [0.0, self._dice.uniform(0.0, 5.0)]
            await asyncio.gather(*(self.one(fault, delay) for fault, delay in zip(drawn, delays, strict=False)))
            await asyncio.sleep(self._dice.uniform(*PAUSE_S))
            self._book.flush()

    def _draw(self) -> Fault:
        if self._plan.kills and self._dice.random() >= self._plan.others:
            return catalog.drawn_kill(self._dice)
        return catalog.drawn(self._dice, self._plan.longest_s)

    async def one(self, fault: Fault, delay_s: float = 0.0) -> None:
        """A fault from its beginning to the recovery of what it hit."""
        await asyncio.sleep(delay_s)
        self.faults += 1
        number, began = self.faults, self._book.now()
        self._say(f"{fault.name} {fault.target}".strip())
        self._book.note(FaultBegan(at=began, number=number, name=fault.name, target=described(fault)))
        pids = {name: self._stage.cluster.pid(name) for name in self._stage.cluster.names}
        error = await self._done(fault)
        self._book.note(FaultEnded(at=self._book.now(), number=number, error=error))
        self.failed += error is not None
        self.kills += fault.kills and error is None
        if error is None:
            await self._recovered(fault, number, began, pids)

    async def _done(self, fault: Fault) -> str | None:
        error: str | None = None
        try:
            await fault.begin(self._stage)
            await asyncio.sleep(fault.hold_s)
        except NotPossible as why:
            error = str(why)
        except Exception as why:  # noqa: BLE001 - a fault that fails is told in the report; the run goes on
            error = repr(why)
        try:
            await fault.end(self._stage)
        except Exception as why:  # noqa: BLE001 - as above
            error = f"not undone: {why!r}"
        return error

    async def _recovered(self, fault: Fault, number: int, began: float, pids: dict[str, int | None]) -> None:
        for name in fault.hit:
            back = partial(self._stage.cluster.is_ready, name, pids.get(name) if fault.ends else None)
            if not await until(back, within_s=RECOVERED_WITHIN_S, every_s=0.1):
                self._say(f"{name} did not recover within {RECOVERED_WITHIN_S:.0f} s")
                return
        now = self._book.now()
        self._book.note(Recovered(at=now, number=number, what="process", seconds=now - began - fault.hold_s))


def described(fault: Fault) -> str:
    """The fault's target, with what is special about it."""
    special: object = getattr(fault, "described", None)
    if isinstance(special, str):
        return special
    held = f" for {fault.hold_s:.0f} s" if fault.hold_s else ""
    return f"{fault.target}{held}".strip()
