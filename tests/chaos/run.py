"""One run: a cluster, a load, faults, the drain, and the verdict."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.chaos.cluster import ChaosCluster
from tests.chaos.evidence import gathered
from tests.chaos.faults.fault import Fault, Stage
from tests.chaos.journal import Acked, Drained, Ended, FaultEnded
from tests.chaos.load import JournalBook, SteadyLoad
from tests.chaos.oracle import judge
from tests.chaos.oracle.evidence import Evidence, Violation
from tests.chaos.schedule import Plan, Schedule
from tests.chaos.town import LastingTown

JOURNAL = "journal.jsonl"
WARM_UP_S = 5.0
DRAIN_S = 240.0
CALM_S = 112.0
"""After the last fault, so that rule 8 holds without exceptions: recovery, 60 s, and some seconds."""


@dataclass(frozen=True, slots=True)
class Size:
    """The load."""

    rooms: int = 30
    rate: float = 60.0
    calm_s: float = CALM_S


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    seed: int
    evidence: Evidence
    violations: Sequence[Violation]

    @property
    def acked(self) -> int:
        """Messages that were acknowledged."""
        return len({entry.tag for entry in self.evidence.journal if isinstance(entry, Acked)})

    @property
    def not_done(self) -> list[str]:
        """Why faults could not be done."""
        return [entry.error for entry in self.evidence.journal if isinstance(entry, FaultEnded) and entry.error]


OnProgress = Callable[[float, str], None]
"""The share that is done, and what goes on."""


async def run(
    folder: Path, plan: Plan, size: Size, on_progress: OnProgress, stop: asyncio.Event, fixed: Sequence[Fault] = ()
) -> Outcome:
    """Load, faults (those of the plan, or only `fixed`), drain, verdict; `stop`: no more faults, the rest as always.

    The folder holds the journal and the cluster's data: `judged_again` makes a verdict of it if this is cut short.
    """
    said = ["starting"]

    def say(text: str) -> None:
        said[0] = text

    async with ChaosCluster.up(folder, say) as cluster, LastingTown.of(cluster.described) as town:
        book = JournalBook(folder / JOURNAL, plan.seed)
        load = SteadyLoad(town, book, random.Random(plan.seed + 1), rooms=size.rooms, rate=size.rate)
        try:
            await load.settle()
            schedule = Schedule(Stage(cluster, load, random.Random(plan.seed + 2)), plan, book, say)
            await _faults(load, schedule, stop, fixed, lambda: on_progress(min(1.0, schedule.done), said[0]))
            load.quiet()
            on_progress(1.0, "draining")
            book.flush()
            is_complete = await load.drained(DRAIN_S)
            book.note(Drained(at=book.now(), complete=is_complete))
            book.flush()
            on_progress(1.0, "waiting for what may outlive its connection")
            await asyncio.sleep(size.calm_s)
            book.note(Ended(at=book.now()))
            book.flush()
            on_progress(1.0, "judging")
            return await _judged(cluster, folder, plan.seed)
        finally:
            book.flush()
            await load.close()
            book.close()


async def _faults(
    load: SteadyLoad, schedule: Schedule, stop: asyncio.Event, fixed: Sequence[Fault], progress: Callable[[], None]
) -> None:
    going = asyncio.create_task(load.run())
    await asyncio.sleep(WARM_UP_S)
    faults = asyncio.create_task(_fixed(schedule, fixed) if fixed else schedule.run())
    stopping = asyncio.create_task(stop.wait())
    while not faults.done() and not stopping.done():
        progress()
        if going.done():
            going.result()
        await asyncio.wait([faults, stopping], timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
    # A fault that is on is undone by itself: it may be in the middle of it.
    if stopping.done() and not faults.done():
        schedule.give_up()
    stopping.cancel()
    await faults
    load.quiet()
    await going


async def _fixed(schedule: Schedule, faults: Sequence[Fault]) -> None:
    """One begins three seconds after the other, recovered or not."""
    await asyncio.gather(*(schedule.one(fault, 3.0 * number) for number, fault in enumerate(faults)))


async def _judged(cluster: ChaosCluster, folder: Path, seed: int) -> Outcome:
    evidence = await gathered(cluster.described, folder / JOURNAL)
    return Outcome(seed, evidence, await asyncio.to_thread(judge, evidence))


async def judged_again(folder: Path, on_progress: OnProgress) -> Outcome:
    """The verdict on a run that was cut short, or judged before: its cluster is started again on its data.

    What had no time to be decided in the run is decided then.
    """
    async with ChaosCluster.up(folder, lambda text: on_progress(0.0, text)) as cluster:
        await _until_decided(cluster)
        outcome = await _judged(cluster, folder, 0)
        seed = next((entry.seed for entry in outcome.evidence.journal if hasattr(entry, "seed")), 0)
        return replace(outcome, seed=seed)


async def _until_decided(cluster: ChaosCluster) -> None:
    """Give the services the time to come to the end of the log."""
    await cluster.ready(cluster.names)
    await asyncio.sleep(30.0)
