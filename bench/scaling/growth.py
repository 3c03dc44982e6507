"""Figures against a size, and how they grow. Pure."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.report import Cell, Section


def exponent(points: Iterable[tuple[float, float]]) -> float | None:
    """`e` of `figure = c × size^e`, by least squares on the logarithms: 0 does not grow, 1 grows in proportion.

    None with fewer than two sizes; what is zero or less is left out.
    """
    logs = [(math.log(size), math.log(figure)) for size, figure in points if size > 0 and figure > 0]
    sizes, figures = [size for size, _ in logs], [figure for _, figure in logs]
    return statistics.linear_regression(sizes, figures).slope if len(set(sizes)) > 1 else None


@dataclass(slots=True)
class Series:
    """Several figures at rising sizes."""

    title: str
    size: str
    """What is made larger."""
    figures: Sequence[str]
    fitted_from: float = 0.0
    """The exponent is that of sizes from here on: below, what a request costs by itself hides it."""
    is_fitted: bool = True
    rows: list[tuple[float, Sequence[float]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, size: float, figures: Sequence[float]) -> None:
        """Figures in the order of `figures`."""
        self.rows.append((size, figures))

    def points(self, figure: str) -> list[tuple[float, float]]:
        """One figure against the size."""
        place = self.figures.index(figure)
        return [(size, figures[place]) for size, figures in self.rows]

    def exponent(self, figure: str) -> float | None:
        """Of one figure; None where none is asked for or can be found."""
        if not self.is_fitted:
            return None
        return exponent((size, value) for size, value in self.points(figure) if size >= self.fitted_from)

    def section(self) -> Section:
        """A table, with the exponents as its last row."""
        rows: list[Sequence[Cell]] = [
            (f"{size:,.0f}", *(_text(value) for value in figures)) for size, figures in self.rows
        ]
        if self.is_fitted:
            fitted = [self.exponent(figure) for figure in self.figures]
            name = f"exponent, from {self.fitted_from:,.0f} on" if self.fitted_from else "exponent"
            rows.append((name, *("" if each is None else f"{each:+.2f}" for each in fitted)))
        return Section(self.title, (self.size, *self.figures), rows, self.notes)


def _text(value: float) -> str:
    if math.isnan(value):
        return ""
    digits = 0 if abs(value) >= 1_000 else 1 if abs(value) >= 100 else 3 if abs(value) < 1 else 2
    return f"{value:,.{digits}f}"
