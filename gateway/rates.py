"""Token buckets: how often something may happen (spec 7). Pure."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, so many at once."""

    per_s: float
    burst: int


class Bucket:
    """What one source has left."""

    __slots__ = ("_left", "_since")

    def __init__(self, rate: Rate, now: float) -> None:
        self._left = float(rate.burst)
        self._since = now

    def take(self, rate: Rate, now: float) -> float:
        """Take one; returns 0, or the seconds until there is one to take."""
        self._left = min(rate.burst, self._left + (now - self._since) * rate.per_s)
        self._since = now
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / rate.per_s


class Buckets:
    """One bucket for each name; the name unseen for longest is forgotten first, which gives it a full bucket again."""

    def __init__(self, rate: Rate, *, most: int = 50_000) -> None:
        self._rate = rate
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str, now: float) -> float:
        """Take one of `name`'s; returns 0, or the seconds until there is one to take."""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(self._rate, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
        return bucket.take(self._rate, now)
