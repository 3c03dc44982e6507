"""Pauses between tries: growing, capped, with jitter, and cut short when the process stops."""

import asyncio
import random

from aiokafka.errors import KafkaError

from chassis.tasks import happens_within


class Backoff:
    """`await wait(stop)` between tries; `reset()` after a success."""

    def __init__(self, *, first_s: float = 0.05, factor: float = 2.0, most_s: float = 5.0) -> None:
        self._first_s = first_s
        self._factor = factor
        self._most_s = most_s
        self._next_s = first_s

    def reset(self) -> None:
        """The next pause is the first one again."""
        self._next_s = self._first_s

    def next_s(self) -> float:
        """Seconds of the next pause: between half and all of its step."""
        pause = self._next_s * random.uniform(0.5, 1.0)
        self._next_s = min(self._next_s * self._factor, self._most_s)
        return pause

    async def wait(self, stop: asyncio.Event | None = None) -> None:
        """Pause; returns early when `stop` is set."""
        if stop is None:
            await asyncio.sleep(self.next_s())
            return
        await happens_within(stop, self.next_s())


def is_retryable(error: BaseException) -> bool:
    """Whether the same call may succeed later: what the error itself says, or that something did not answer.

    All errors of Kafka's are waited for: aiokafka calls a time-out not `retriable`, and rights that are missing now are
    mended by whoever runs the system.
    """
    said = getattr(error, "retryable", None)
    if said is not None:
        return bool(said)
    return isinstance(error, OSError | TimeoutError | KafkaError)
