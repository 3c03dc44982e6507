"""Where a partition is read from when it is assigned (spec 9): at the window's start, or at the committed offset.

The window starts 60 s before the last committed record, by the broker's clock.
"""

from typing import Protocol

from aiokafka import TopicPartition

from services.fanout.partition import Takeover


class PeekPort(Protocol):
    """Single places of a log."""

    async def range(self, partition: TopicPartition) -> tuple[int, int]:
        """The first offset, and the one after the last."""

    async def time_of(self, partition: TopicPartition, offset: int) -> int:
        """Broker time of a record, epoch ms."""

    async def offset_at(self, partition: TopicPartition, time_ms: int) -> int | None:
        """The first offset stored at that time or later; None if all are older."""


async def plan(partition: TopicPartition, committed: int | None, peek: PeekPort, window_ms: int) -> Takeover:
    """Where to begin.

    A group that never committed begins at the start of the window before the newest record, not at the beginning of all
    history, and nothing is a repetition. Raises retryable errors only.
    """
    first, end = await peek.range(partition)
    upto = end if committed is None else min(max(committed, first), end)
    if upto == first:
        return Takeover(start=first, committed=first, end=end)
    committed_ms = await peek.time_of(partition, upto - 1)
    window_start_ms = committed_ms - window_ms
    found = await peek.offset_at(partition, window_start_ms)
    start = upto if found is None else min(max(found, first), upto)
    reaches_ms = 0 if start == first else window_start_ms
    if committed is None:
        return Takeover(start=start, committed=start, end=end, reaches_ms=reaches_ms)
    return Takeover(
        start=start,
        committed=upto,
        end=end,
        reaches_ms=reaches_ms,
        repeats_from_ms=window_start_ms,
        committed_ms=committed_ms,
    )
