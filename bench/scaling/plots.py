"""The picture: each cost against what was made larger, both axes logarithmic, so that a slope is an exponent."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report import Picture
from bench.scaling.growth import Series

_COLUMNS = 2


def draw(found: Sequence[Series], path: Path) -> Picture:
    """Write it, one field for each series."""
    rows = -(-len(found) // _COLUMNS)
    picture = Figure(figsize=(15, 4 * rows), layout="constrained")
    for number, series in enumerate(found):
        _field(picture.add_subplot(rows, _COLUMNS, number + 1), series)
    path.parent.mkdir(exist_ok=True)
    picture.savefig(path, dpi=100)
    return Picture("What grows, and how", f"{path.parent.name}/{path.name}")


def _field(axes: Axes, series: Series) -> None:
    axes.set(title=series.title, xlabel=series.size, xscale="log", yscale="log")
    axes.title.set_fontsize(9)
    for figure in series.figures:
        points = [(size, value) for size, value in series.points(figure) if size > 0 and isfinite(value) and value > 0]
        if not points:
            continue
        slope = series.exponent(figure)
        label = figure if slope is None else f"{figure} ({slope:+.2f})"
        axes.plot([size for size, _ in points], [value for _, value in points], "o-", ms=3, label=label)
    sizes = [size for size, _ in series.rows if size > 0]
    axes.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
