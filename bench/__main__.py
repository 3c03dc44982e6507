"""`python -m bench`: measures Kaiwa and its peers, shows the tables and writes bench/report.md with its plots."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from bench import beside, own
from bench.comparison import plan
from bench.machine import open_as_many_files_as_allowed
from bench.report import Report

REPORT = Path(__file__).with_name("report.md")


async def _all(work: own.Work, size: plan.Plan, report: Report, console: Console, plots: Path | None) -> bool:
    """Everything in turn; False where a delivery of Kaiwa's was not as it should be."""
    compared = await beside.compare(size, report, console) if plots else None
    perfect = [await own.measure(each, size, report, console) for each in work.plans]
    if compared is None or plots is None:
        return all(each.is_perfect for each in perfect)
    held = beside.conclude(compared, perfect[0], report, console, plots)
    return held and all(each.is_perfect for each in perfect)


def main(
    quick: Annotated[
        bool, typer.Option("--quick", help="one short round: figures that only show that all runs")
    ] = False,
    alone: Annotated[bool, typer.Option("--alone", help="without the peers")] = False,
    on_file: Annotated[bool, typer.Option("--on-file", help="also with the table on file")] = False,
    output: Annotated[Path, typer.Option("--output", help="where the report goes")] = REPORT,
) -> None:
    """Measure Kaiwa on this machine; exit code 1 where a delivery was missing, doubled or out of order."""
    open_as_many_files_as_allowed()
    report, console = Report(), Console()
    work, size = own.work(quick=quick, on_file=on_file), plan.QUICK if quick else plan.FULL
    plots = None if alone else output.parent / "plots"
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        perfect = runner.run(_all(work, size, report, console, plots))
    options = "".join(f" --{name}" for name, on in (("quick", quick), ("alone", alone), ("on-file", on_file)) if on)
    report.write(output, command=f"python -m bench{options}")
    console.print(f"Written to {output}", style="dim")
    raise typer.Exit(0 if perfect else 1)


if __name__ == "__main__":
    typer.run(main)
