"""The pictures of the report."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from bench.comparison.idle import Idle
from bench.comparison.taken import AT_A_RATE, ONE_AT_A_TIME, Taken
from bench.report import Picture
from bench.spans import Bar

Point = tuple[float, float, float, float]
"""Across; then the middle, the least and the most of the rounds."""


def draw(taken: Sequence[Taken], idle: Sequence[Idle], spans: Sequence[Bar], folder: Path) -> list[Picture]:
    """Write them into a folder, and say what each shows."""
    drawn = [
        _saved(_latency(taken), folder / "latency.png", "Latency against load, 100 connections; p50 full, p99 dashed"),
        _saved(_recipients(taken), folder / "recipients.png", "CPU per delivery against recipients"),
        _saved(_memory(idle), folder / "memory.png", "Memory against idle connections"),
    ]
    if spans:
        drawn.append(_saved(_spans(spans), folder / "spans.png", "Where the time of one message goes, from traces"))
    return drawn


def _saved(picture: Figure, path: Path, title: str) -> Picture:
    picture.savefig(path, dpi=110)
    return Picture(title, f"{path.parent.name}/{path.name}")


def _latency(taken: Sequence[Taken]) -> Figure:
    picture, axes = _empty("deliveries/s", "from the intended send, ms")
    rated = [each for each in taken if each.task.kind == AT_A_RATE]
    for name in _systems(rated):
        own = [each for each in rated if each.system == name]
        middle = _points((each.task.per_second * each.task.recipients, each.outcome.p50_us / 1000) for each in own)
        tail = _points((each.task.per_second * each.task.recipients, each.outcome.p99_us / 1000) for each in own)
        colour = _line(axes, middle, name)
        _line(axes, tail, None, colour)
    return _done(picture, axes)


def _recipients(taken: Sequence[Taken]) -> Figure:
    picture, axes = _empty("recipients of a publication", "CPU seconds per 100,000 deliveries")
    single = [each for each in taken if each.task.kind == ONE_AT_A_TIME]
    for name in _systems(single):
        _line(axes, _points((each.task.recipients, each.cpu_per_100k) for each in single if each.system == name), name)
    return _done(picture, axes)


def _memory(idle: Sequence[Idle]) -> Figure:
    picture, axes = _empty("idle connections", "MiB more than with none", scale="linear")
    for name in dict.fromkeys(each.system for each in idle):
        own = [each for each in idle if each.system == name]
        _line(axes, _points((each.connections, (each.resident_bytes - each.empty_bytes) / 2**20) for each in own), name)
    return _done(picture, axes)


def _spans(bars: Sequence[Bar]) -> Figure:
    picture = Figure(figsize=(10, 4.5), layout="constrained")
    axes = picture.add_subplot()
    colours = {process: f"C{n}" for n, process in enumerate(dict.fromkeys(bar.process for bar in bars))}
    for place, bar in enumerate(bars):
        axes.barh(place, max(bar.ended - bar.began, 0.02), left=bar.began, color=colours[bar.process])
        axes.text(bar.ended, place, f" {bar.ended - bar.began:.1f} ms", va="center", fontsize=7)
    axes.set_yticks(range(len(bars)), [f"{bar.process}: {bar.name}" for bar in bars], fontsize=7)
    axes.invert_yaxis()
    axes.set(xlabel="ms after the frame was taken, middle of all messages")
    axes.margins(x=0.08)
    axes.grid(alpha=0.3, axis="x")
    return picture


def _systems(taken: Iterable[Taken]) -> list[str]:
    return list(dict.fromkeys(each.system for each in taken))


def _points(values: Iterable[tuple[float, float]]) -> list[Point]:
    found: dict[float, list[float]] = {}
    for across, up in values:
        found.setdefault(across, []).append(up)
    return [(across, median(ups), min(ups), max(ups)) for across, ups in sorted(found.items())]


def _empty(across: str, up: str, scale: str = "log") -> tuple[Figure, Axes]:
    picture = Figure(figsize=(10, 5.5), layout="constrained")
    axes = picture.add_subplot()
    axes.set(xlabel=across, ylabel=up, xscale=scale, yscale=scale)
    return picture, axes


def _line(axes: Axes, points: Sequence[Point], name: str | None, colour: str | None = None) -> str:
    """With the spread of the rounds as a band."""
    across = [point[0] for point in points]
    line, *_ = axes.plot(
        across, [point[1] for point in points], "o-" if name else "o--", ms=4, color=colour, label=name
    )
    drawn = to_hex(line.get_color())
    axes.fill_between(across, [point[2] for point in points], [point[3] for point in points], color=drawn, alpha=0.12)
    return drawn


def _done(picture: Figure, axes: Axes) -> Figure:
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)
    return picture
