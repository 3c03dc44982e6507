"""The report of a run as Markdown. Pure."""

import platform
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.chaos.oracle import RULES
from tests.chaos.oracle.evidence import Violation
from tests.chaos.report.figures import FaultFigure, Figures, Times, by_target

SHOWN = 100


def report(figures: Figures, violations: Sequence[Violation], *, made: str, pictures: Sequence[str]) -> str:
    """The whole text."""
    parts = [
        _head(figures, made),
        _verdicts(violations),
        _recoveries(figures),
        *(f"![{name.partition('.')[0]}]({name})" for name in pictures),
        _faults(figures),
        "## What it does not show\n\nOne broker, DynamoDB Local, one machine with one clock: no lost disk, no network"
        " between machines, no failover of a broker.",
    ]
    return "\n\n".join(parts) + "\n"


def _head(figures: Figures, made: str) -> str:
    rows = [
        ("length", f"{figures.seconds:,.0f} s"),
        ("faults", f"{len(figures.faults)}, {figures.kills} of them kills"),
        ("messages acknowledged", f"{figures.acked:,}"),
        ("deliveries", f"{figures.delivered:,} on {figures.connections:,} connections"),
        ("delivered again on the same connection", f"{figures.repeated_per_million:,.0f} per million"),
        ("of these, on connections younger than a minute", f"{figures.repeated_young:,} of {figures.repeated:,}"),
        ("sent to received, p50 and p99", f"{figures.p50_ms:,.0f} and {figures.p99_ms:,.0f} ms"),
        ("the longest that a message waited", f"{figures.longest_wait_s:,.1f} s"),
    ]
    told = f"{made}. Python {platform.python_version()}, {platform.system()} {platform.machine()}."
    return f"# What was broken, and what was kept\n\n{told}\n\n{_table(('', ''), rows)}"


def _verdicts(violations: Sequence[Violation]) -> str:
    counts = Counter(one.rule for one in violations)
    rows = [(str(rule), words, str(counts[rule])) for rule, (words, _) in RULES.items()]
    text = f"## Verdicts\n\n{_table(('', 'rule', 'violations'), rows)}"
    if violations:
        text += "\n\n" + "\n".join(f"- {one}" for one in violations[:SHOWN])
    if len(violations) > SHOWN:
        text += f"\n- and {len(violations) - SHOWN} more"
    return text


def _recoveries(figures: Figures) -> str:
    rows = []
    for name in ("kill -9", "SIGTERM", "power cut"):
        for target, faults in by_target(figures.faults, name).items():
            rows.append((f"{name}: {target}", str(len(faults)), *_cells(faults)))
    head = ("", "count", "takes work again", "to the next delivery", "clients back")
    note = "Seconds from the fault: p50 / p95 / longest. The next delivery: in the room that waited longest."
    return f"## Recovery\n\n{note}\n\n{_table(head, rows)}"


def _cells(faults: Sequence[FaultFigure]) -> tuple[str, str, str]:
    return (
        _times(Times.of(fault.process_s for fault in faults)),
        _times(Times.of(fault.delivery_s for fault in faults)),
        _times(Times.of(fault.clients_s for fault in faults)),
    )


def _faults(figures: Figures) -> str:
    head = (
        "at s",
        "fault",
        "takes work again s",
        "next delivery s",
        "clients back s",
        "p95 before ms",
        "p95 during ms",
        "",
    )
    rows = [
        (
            f"{fault.began:,.1f}",
            f"{fault.name} {fault.target}".strip(),
            *map(_number, (fault.process_s, fault.delivery_s, fault.clients_s, fault.before_ms, fault.during_ms)),
            "" if fault.error is None else f"not done: {fault.error}".replace("|", "/"),
        )
        for fault in figures.faults
    ]
    return f"## Every fault\n\n{_table(head, rows)}"


def _times(times: Times | None) -> str:
    return "" if times is None else f"{times.p50:.1f} / {times.p95:.1f} / {times.most:.1f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
