"""How `kaiwa topics` and `kaiwa table` answer: a table of what stands, and what differs with its remedy."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from rich.console import Console
from rich.table import Table

from chassis.difference import Difference


def complain(sentence: str, *, exit_code: int = 1) -> NoReturn:
    """Prints what is wrong to standard error and ends the command."""
    sys.stderr.write(f"kaiwa: {sentence}\n")
    raise typer.Exit(exit_code)


def show(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    found: Sequence[Difference],
    *,
    as_json: bool,
) -> None:
    """Prints rows and differences: for people, or as one JSON object with `title` in lower case as the rows' name."""
    if as_json:
        named = [dict(zip(columns, row, strict=True)) for row in rows]
        answer = {title.lower(): named, "differences": [difference._asdict() for difference in found]}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        return
    console = Console(highlight=False)
    console.print(_table(columns, rows))
    for difference in found:
        # As plain text: remedies hold brackets, and a wrapped command cannot be copied.
        console.print(
            f"{difference.subject}: {difference.what} is {difference.found}, not {difference.expected}", markup=False
        )
        console.print(f"    {difference.remedy}", markup=False, soft_wrap=True, style="bold")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(*columns, box=None, pad_edge=False, header_style="dim")
    for row in rows:
        table.add_row(*row, style=_STYLES.get(row[-1], ""))
    return table


_STYLES = {"missing": "red", "differs": "yellow", "created": "green"}
