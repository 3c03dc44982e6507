"""The comparison as part of the run: measured first, with no cluster of ours about, and concluded last."""

from pathlib import Path

from rich.console import Console

from bench.comparison import gateway, goals, plots, rounds, tables
from bench.comparison.plan import Plan
from bench.comparison.rounds import Comparison
from bench.comparison.taken import AT_A_RATE, ONE_AT_A_TIME, SATURATED
from bench.own import Found
from bench.peers import made
from bench.report import Report, Section


async def compare(size: Plan, report: Report, console: Console) -> Comparison | None:
    """Measure Kaiwa's gateway and every peer that can be had; None where nothing can be, which the report says."""
    try:
        return await rounds.compare(size, lambda text: console.print(text, style="dim", highlight=False))
    except made.Absent as reason:
        report.add(Section("Systems", ("", ""), [("no comparison here", str(reason))]), console)
        return None


def conclude(compared: Comparison, own: Found, report: Report, console: Console, folder: Path) -> bool:
    """Add tables, plots and, before all, the figures to reach; False where Kaiwa's gateway did not hold."""
    taken = [*compared.taken, *own.taken]
    judged = goals.Measured(
        taken=taken,
        idle=compared.idle,
        handshakes=compared.handshakes,
        storing=own.storing,
        latency=own.latency,
        latency_later=own.latency_later,
    )
    compared_sections = [
        tables.goals(goals.goals(judged)),
        tables.ran(compared),
        tables.to_a_hundred(taken, ONE_AT_A_TIME, "One publication at a time to 100 connections"),
        tables.to_a_hundred(taken, SATURATED, "Saturated, 100 connections"),
        tables.to_a_hundred(taken, AT_A_RATE, "At a rate (open loop), 100 connections"),
        tables.by_recipients(taken),
        tables.engines(taken),
        tables.memory(compared.idle),
        tables.handshakes(compared.handshakes),
    ]
    for section in reversed(compared_sections):
        report.add(section, console, first=True)
    folder.mkdir(exist_ok=True)
    report.pictures += plots.draw(taken, compared.idle, own.spans, folder)
    gateways = [each for each in compared.taken if each.system == gateway.NAME]
    return gateway.NAME not in compared.failed and all(each.outcome.is_perfect for each in gateways)
