"""Kaiwa's own figures, on clusters of its own: start, memory, latency, a steady load, and the whole path's cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

from bench import cluster, latency, legs, memory, sections, spans, startup, steady
from bench.comparison import path, storing
from bench.comparison.measuring import Measurer
from bench.comparison.plan import Plan
from bench.comparison.storing import Storing
from bench.comparison.taken import ONE_AT_A_TIME, Taken, Task
from bench.figures import Latencies
from bench.guests import House
from bench.load.outcome import GeneratorFailed
from bench.peers import made
from bench.report import Report, Section
from bench.spans import Bar
from chassis.settings import TableSettings

_ONE_SPEAKS_FOR_ALL = {"KAIWA_FRAME_RATE": "5000", "KAIWA_USER_FRAME_RATE": "5000"}
"""One connection writes all that a room of 100 is given: more than the 200 frames a second that one may."""


@dataclass(frozen=True, slots=True)
class Own:
    """What is measured on one kind of table."""

    samples: int
    load: steady.Load
    ephemeral: bool
    starts: bool
    """Whether the start is measured, with two clusters before."""

    @property
    def where(self) -> str:
        """Names the kind of table in the titles."""
        return "table in memory" if self.ephemeral else "table on file"


@dataclass(frozen=True, slots=True)
class Work:
    """All kinds of table."""

    plans: Sequence[Own]


@dataclass(slots=True)
class Found:
    """What the comparison needs of it."""

    is_perfect: bool = True
    latency: Latencies | None = None
    """One message at a time, just after the start."""
    latency_later: Latencies | None = None
    """The same after the loads."""
    taken: list[Taken] = field(default_factory=list)
    storing: Storing | None = None
    spans: Sequence[Bar] = ()


def work(*, quick: bool, on_file: bool) -> Work:
    """Of the options of the command."""
    samples, load = (50, steady.Load(rooms=10, seconds=5)) if quick else (500, steady.Load())
    kinds = [True, False] if on_file else [True]
    return Work([Own(samples, load, ephemeral, starts=not quick) for ephemeral in kinds])


async def measure(plan: Own, size: Plan, report: Report, console: Console) -> Found:
    """Run everything in turn."""
    found = Found()
    async with cluster.folder() as folder:
        console.print(f"Starting clusters ({plan.where})", style="dim")
        if plan.starts:
            report.add(sections.startup(await startup.measure(folder, ephemeral=plan.ephemeral), plan.where), console)
        async with (
            cluster.up(folder, ephemeral=plan.ephemeral, environ=_ONE_SPEAKS_FOR_ALL) as own,
            House.of(own.described) as house,
        ):
            report.add(sections.memory(await memory.measure(own.described), plan.where), console)
            found.latency = await _idle(house, plan, report, console, "just started")
            await _path(house, size, report, console, found)
            await _steady(house, plan, report, console, found)
            found.latency_later = await _idle(house, plan, report, console, "after the loads")
    if plan.ephemeral:
        console.print("One message at a time, with traces", style="dim")
        found.spans = await spans.measure(plan.samples)
        report.add(sections.spans(found.spans, plan.where), console)
    return found


async def _idle(house: House, plan: Own, report: Report, console: Console, when: str) -> Latencies:
    """Twice, since Java compiles what is busy in the first minutes."""
    where = f"{plan.where}, {when}"
    before = await legs.counted(house)
    result = await latency.measure(house, plan.samples)
    after = await legs.counted(house)
    report.add(sections.idle(result, where), console)
    report.add(sections.legs(await legs.legs_of(house, result), where), console)
    report.add(sections.means(legs.means_ms(before, after), where), console)
    return result.delivery


async def _path(house: House, size: Plan, report: Report, console: Console, found: Found) -> None:
    """What the whole path costs; a delivery that stays out is told, and ends this part only."""
    try:
        await _loaded(house, size, console, found)
    except made.Absent as reason:
        report.add(Section("The whole path's cost", ("", ""), [("not measured", str(reason))]), console)
    except GeneratorFailed as error:
        found.is_perfect = False
        report.add(Section("The whole path's cost", ("", ""), [("DID NOT HOLD", str(error))]), console)


async def _loaded(house: House, size: Plan, console: Console, found: Found) -> None:
    """To a room of 100, as many rounds as everybody has, on one cluster; and the table's share."""
    console.print(f"The whole path to {size.compared} connections", style="dim")
    async with path.connected(house, rooms=1, people=size.compared) as target:
        await target.grow(size.compared)
        measurer = Measurer(target)
        for _ in range(size.rounds):
            task = Task(kind=ONE_AT_A_TIME, recipients=size.compared)
            found.taken.append(await measurer.lasting(task, size.task_s))
            found.taken += [each async for each in measurer.many(size.compared, size, size.path_rates)]
    console.print("Messages stored a second, and the table's own rate", style="dim")
    found.storing = await storing.measure(house, _table(house), 4 * size.task_s)
    taken = [*found.taken, found.storing.taken]
    found.is_perfect = found.is_perfect and all(each.outcome.is_perfect for each in taken)


def _table(house: House) -> TableSettings:
    described = house.described
    return TableSettings(
        table=described["table"],
        dynamodb_endpoint=described["dynamodbEndpoint"],
        region=described["region"],
        access_key_id=described["accessKeyId"],
        secret_access_key=described["secretAccessKey"],
    )


async def _steady(house: House, plan: Own, report: Report, console: Console, found: Found) -> None:
    console.print(f"{plan.load.per_second} messages a second for {plan.load.seconds:.0f} s", style="dim")
    result = await steady.measure(house, plan.load)
    report.add(sections.steady(result, plan.where), console)
    report.add(sections.cpu(result, plan.where), console)
    found.is_perfect = found.is_perfect and result.verdict.is_perfect and not result.complaints
