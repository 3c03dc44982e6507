"""The pictures of a report."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tests.chaos.report.figures import FaultFigure, Figures, by_target

_MOST_POINTS = 20_000


def draw(figures: Figures, folder: Path) -> list[str]:
    """Write the pictures that there is something to draw for; returns their names."""
    made = []
    if figures.latencies:
        _latency(figures).savefig(folder / "latency.png", dpi=110)
        made.append("latency.png")
    if by_target(figures.faults, "kill -9"):
        _recovery(figures).savefig(folder / "recovery.png", dpi=110)
        made.append("recovery.png")
    return made


def _latency(figures: Figures) -> Figure:
    """Each delivery at the time when its message was sent, with the faults behind."""
    picture = Figure(figsize=(12, 4.5), layout="constrained")
    axes = picture.add_subplot()
    step = max(1, len(figures.latencies) // _MOST_POINTS)
    points = figures.latencies[::step]
    for fault in figures.faults:
        if fault.error is None:
            axes.axvspan(fault.began, max(fault.ended or 0.0, fault.began + 0.3), color="tab:red", alpha=0.18, lw=0)
    axes.plot([at for at, _ in points], [max(wait, 1e-3) for _, wait in points], ".", ms=1.5, color="tab:blue")
    axes.set_yscale("log")
    axes.set(xlabel="sent at, seconds of the run", ylabel="to received, seconds", title="Latency around the faults")
    axes.grid(alpha=0.3)
    return picture


def _recovery(figures: Figures) -> Figure:
    """Seconds from a kill to the next delivery and to the last client's return, for each process."""
    groups = by_target(figures.faults, "kill -9")
    picture = Figure(figsize=(9, 0.7 * len(groups) + 1.8), layout="constrained")
    axes = picture.add_subplot()
    for row, faults in enumerate(groups.values()):
        _dots(axes, row - 0.12, [fault.delivery_s for fault in faults], "tab:blue", "next delivery", row == 0)
        _dots(axes, row + 0.12, _clients(faults), "tab:orange", "last client back", row == 0)
    axes.set_yticks(range(len(groups)), list(groups))
    axes.set(xlabel="seconds from kill -9", title="Recovery", xlim=(0, None))
    axes.legend(loc="lower right")
    axes.grid(axis="x", alpha=0.3)
    return picture


def _clients(faults: Sequence[FaultFigure]) -> list[float | None]:
    return [fault.clients_s for fault in faults]


def _dots(axes: object, row: float, values: Sequence[float | None], colour: str, label: str, named: bool) -> None:
    known = [value for value in values if value is not None]
    axes.plot(known, [row] * len(known), "o", ms=4, alpha=0.6, color=colour, label=label if named else None)  # type: ignore[attr-defined]
