"""How many requests a user may make: a bucket of tokens for each (spec 7 and 8)."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from services.persistence.api.problems import Problem

USERS_REMEMBERED = 50_000


class Rates:
    """Bounded: the user unseen for longest is forgotten first, which gives that user a full bucket again."""

    def __init__(self, rate: float, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, user_id: str) -> None:
        """Count one request; raises THROTTLED, with the seconds to wait, when the bucket is empty."""
        now = self._clock()
        left, since = self._buckets.pop(user_id, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._rate)
        self._buckets[user_id] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > USERS_REMEMBERED:
            self._buckets.popitem(last=False)
        if left < 1:
            wait_s = math.ceil((1 - left) / self._rate)
            raise Problem("THROTTLED", "Too many requests; wait a moment.", headers={"Retry-After": str(wait_s)})
