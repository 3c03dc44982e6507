"""`python -m bench`: measures a cluster of its own, shows the tables and writes bench/report.md."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from bench import cluster, latency, legs, memory, sections, startup, steady
from bench.guests import House
from bench.report import Report

REPORT = Path(__file__).with_name("report.md")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured."""

    samples: int
    load: steady.Load
    ephemeral: bool

    @property
    def where(self) -> str:
        """Names the kind of table in the titles."""
        return "table in memory" if self.ephemeral else "table on file"


async def measure(plan: Plan, report: Report, console: Console) -> bool:
    """Run everything in turn; False where a delivery was not as it should be."""
    async with cluster.folder() as folder:
        console.print(f"Starting clusters ({plan.where})", style="dim")
        report.add(sections.startup(await startup.measure(folder, ephemeral=plan.ephemeral), plan.where), console)
        async with cluster.up(folder, ephemeral=plan.ephemeral) as own, House.of(own.described) as house:
            report.add(sections.memory(await memory.measure(own.described), plan.where), console)
            await _idle(house, plan, report, console)
            return await _steady(house, plan, report, console)


async def _idle(house: House, plan: Plan, report: Report, console: Console) -> None:
    before = await legs.counted(house)
    result = await latency.measure(house, plan.samples)
    after = await legs.counted(house)
    report.add(sections.idle(result, plan.where), console)
    report.add(sections.legs(await legs.legs_of(house, result), plan.where), console)
    report.add(sections.means(legs.means_ms(before, after), plan.where), console)


async def _steady(house: House, plan: Plan, report: Report, console: Console) -> bool:
    console.print(f"{plan.load.per_second} messages a second for {plan.load.seconds:.0f} s", style="dim")
    result = await steady.measure(house, plan.load)
    report.add(sections.steady(result, plan.where), console)
    report.add(sections.cpu(result, plan.where), console)
    return result.verdict.is_perfect and not result.complaints


def main(
    quick: Annotated[bool, typer.Option("--quick", help="fewer samples, 10 s of load")] = False,
    on_file: Annotated[bool, typer.Option("--on-file", help="also with the table on file")] = False,
    output: Annotated[Path, typer.Option("--output", help="where the report goes")] = REPORT,
) -> None:
    """Measure Kaiwa on this machine; exit code 1 where a delivery was missing, doubled or out of order."""
    samples, load = (100, steady.Load(seconds=10)) if quick else (500, steady.Load())
    plans = [Plan(samples, load, ephemeral) for ephemeral in ([True, False] if on_file else [True])]
    report, console = Report(), Console()

    async def all_plans() -> bool:
        return all([await measure(plan, report, console) for plan in plans])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        perfect = runner.run(all_plans())
    made = f"{time.strftime('%Y-%m-%d %H:%M')}, `python -m bench{' --quick' if quick else ''}`."
    report.write(output, made=made)
    console.print(f"Written to {output}", style="dim")
    raise typer.Exit(0 if perfect else 1)


if __name__ == "__main__":
    typer.run(main)
