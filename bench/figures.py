"""Latencies in a few figures. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan


def percentile(ascending: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of the values do not exceed (nearest rank)."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]


@dataclass(frozen=True, slots=True)
class Latencies:
    """In milliseconds."""

    count: int
    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Latencies":
        """Of measured times, in seconds; of none it is not a number."""
        ascending = sorted(value * 1000 for value in seconds)
        if not ascending:
            return cls(0, nan, nan, nan)
        return cls(len(ascending), percentile(ascending, 0.5), percentile(ascending, 0.99), ascending[-1])
