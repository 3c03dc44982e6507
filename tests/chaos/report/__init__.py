"""Figures and plots of a run.

figures.py    the journal as figures; pure
text.py       the report's Markdown; pure
plots.py      its pictures
"""

from pathlib import Path
from typing import Any

from tests.chaos.report import figures, plots, text
from tests.chaos.run import Outcome


def write(outcome: Outcome, folder: Path, *, made: str) -> dict[str, Any]:
    """Write `report.md` and its pictures; returns the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    found = figures.of(outcome.evidence)
    pictures = plots.draw(found, folder)
    (folder / "report.md").write_text(text.report(found, outcome.violations, made=made, pictures=pictures))
    return figures.plain(found)
