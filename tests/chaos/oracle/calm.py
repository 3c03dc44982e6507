"""How much of a span of time no fault was on, in the journal's seconds. Pure."""

from collections.abc import Iterable, Sequence

from tests.chaos.journal import AnyEntry, FaultBegan, FaultEnded, Recovered

RECOVERY_S = 45.0
"""After a fault nothing is promised in seconds for this long, unless it is known how long recovery took."""

Span = tuple[float, float]


def troubled(journal: Iterable[AnyEntry]) -> list[Span]:
    """The spans of all faults with their recoveries, joined where they touch, in order."""
    began: dict[int, float] = {}
    spans: dict[int, Span] = {}
    last = 0.0
    for entry in journal:
        last = max(last, entry.at)
        match entry:
            case FaultBegan():
                began[entry.number] = entry.at
            case FaultEnded() if entry.number in began:
                spans[entry.number] = (began[entry.number], entry.at + RECOVERY_S)
            case Recovered() if entry.number in spans:
                start, end = spans[entry.number]
                spans[entry.number] = (start, max(end, entry.at))
    unended = [(start, last) for number, start in began.items() if number not in spans]
    return _joined(sorted([*spans.values(), *unended]))


def calm_s(start: float, end: float, spans: Sequence[Span]) -> float:
    """Seconds between `start` and `end` that are in none of the `spans`, which do not overlap."""
    return max(0.0, end - start) - sum(max(0.0, min(end, until) - max(start, since)) for since, until in spans)


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
