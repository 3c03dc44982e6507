"""The figures as tables: on the screen, and in a Markdown file."""

import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Latencies
from bench.machine import Conditions

Cell = str | float | int


@dataclass(frozen=True, slots=True)
class Section:
    """One table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """One plot; `file` is its path from the report."""

    title: str
    file: str


@dataclass(slots=True)
class Report:
    """All tables of a run."""

    sections: list[Section] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, section: Section, console: Console, *, first: bool = False) -> None:
        """Keep a table, before all others if `first`, and show it at once."""
        self.sections.insert(0 if first else len(self.sections), section)
        console.print(_drawn(section))
        for note in section.notes:
            console.print(f"  {note}", style="dim", highlight=False)

    def write(self, path: Path, *, command: str) -> None:
        """Write the file; `command` is how it was made."""
        lasted = (time.monotonic() - self.began) / 60
        made = f"{time.strftime('%Y-%m-%d %H:%M')}, `{command}`, {lasted:.1f} minutes."
        head = [
            "# What was measured",
            "",
            f"{made} Python {platform.python_version()}, {platform.system()} {platform.machine()}.",
        ]
        drawn = [
            line for each in self.pictures for line in ("", f"## {each.title}", "", f"![{each.title}]({each.file})")
        ]
        tables = [line for section in self.sections for line in _markdown(section)]
        path.write_text("\n".join([*head, *tables, *drawn, ""]))


def times(latencies: Latencies) -> list[Cell]:
    """The cells p50, p99, max (ms) and count."""
    return [latencies.p50, latencies.p99, latencies.most, latencies.count]


def noted(conditions: Conditions) -> str:
    """The conditions in a line."""
    return (
        f"{conditions.cores} cores; load average {conditions.load_before:.1f} before, "
        f"{conditions.load_after:.1f} after; {conditions.busy_cores:.2f} cores busy with everything"
    )


def _drawn(section: Section) -> Table:
    table = Table(title=section.title, title_justify="left")
    for number, column in enumerate(section.columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in section.rows:
        table.add_row(*_texts(row))
    return table


def _markdown(section: Section) -> Iterable[str]:
    yield from ("", f"## {section.title}", "")
    yield f"| {' | '.join(section.columns)} |"
    yield f"|---|{'--:|' * (len(section.columns) - 1)}"
    for row in section.rows:
        yield f"| {' | '.join(text.strip() for text in _texts(row))} |"
    for note in section.notes:
        yield from ("", note)


def _texts(row: Sequence[Cell]) -> list[str]:
    return [f"{cell:,.1f}" if isinstance(cell, float) else str(cell) for cell in row]
