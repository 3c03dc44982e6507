"""Partitions side by side as one story: by the brokers' times, but never an effect before its cause.

Of each partition one fetch at most is held, so memory does not grow with the log.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from chassis.log_reader import Reads, Span
from contracts.topics import BY_NAME
from replay.log import Log, Part, Place
from replay.seen import Seen, causes, see

_RANK = {name: rank for rank, name in enumerate(BY_NAME)}
"""At the same millisecond: connections, submissions, facts, and so on; the order of the path."""

Wanted = Callable[[Seen], bool]
OnRead = Callable[[int], None]


class Stream(Protocol):
    """One partition's events, as far as they matter."""

    @property
    def part(self) -> Part:
        """Which one."""

    async def fill(self) -> Seen | None:
        """The event at the front, fetched if need be; None: no more."""

    def take(self) -> None:
        """Let go of the event at the front."""


async def merge(streams: Sequence[Stream]) -> AsyncIterator[Seen]:
    """The events of all streams in causal order."""
    fronts: dict[Part, Seen] = {}
    by_part = {stream.part: stream for stream in streams}
    for stream in streams:
        await _refill(stream, fronts)
    while fronts:
        part = next_part(fronts)
        yield fronts[part]
        by_part[part].take()
        await _refill(by_part[part], fronts)


def next_part(fronts: Mapping[Part, Seen]) -> Part:
    """Which front comes next: the earliest whose causes do not still wait behind another front."""
    ordered = sorted(fronts, key=lambda part: _age(fronts[part]))
    return next((part for part in ordered if not _waits(fronts[part], fronts)), ordered[0])


def _age(seen: Seen) -> tuple[int, int, int, int]:
    return (seen.record.timestamp, _RANK[seen.record.topic], seen.record.partition, seen.record.offset)


def _waits(seen: Seen, fronts: Mapping[Part, Seen]) -> bool:
    return any(_stands_before(cause, fronts) for cause in causes(seen))


def _stands_before(cause: Place, fronts: Mapping[Part, Seen]) -> bool:
    front = fronts.get(Part(cause.topic, cause.partition))
    return front is not None and front.record.offset <= cause.offset


async def _refill(stream: Stream, fronts: dict[Part, Seen]) -> None:
    fronts.pop(stream.part, None)
    front = await stream.fill()
    if front is not None:
        fronts[stream.part] = front


class PartStream:
    """A partition of a reading."""

    def __init__(self, log: Log, reading: Reads, part: Part, wanted: Wanted, on_read: OnRead) -> None:
        self._log = log
        self._reading = reading
        self._part = part
        self._wanted = wanted
        self._on_read = on_read
        self._waiting: list[Seen] = []

    @property
    def part(self) -> Part:
        """See Stream."""
        return self._part

    async def fill(self) -> Seen | None:
        """See Stream."""
        partition = self._log.partition(self._part)
        while not self._waiting and not self._reading.ended(partition):
            batch = await self._reading.of(partition)
            seen = (see(self._log.original(record)) for record in batch)
            self._waiting = [one for one in seen if self._wanted(one)][::-1]
            self._on_read(self._reading.read)
        return self._waiting[-1] if self._waiting else None

    def take(self) -> None:
        """See Stream."""
        self._waiting.pop()


async def story(
    log: Log,
    spans: Mapping[Part, Span],
    keep: Callable[[bytes | None, bytes | None], bool],
    wanted: Wanted,
    on_read: OnRead,
) -> AsyncIterator[Seen]:
    """The wanted events of these stretches in causal order; `keep` sorts out by the bytes, before decoding."""
    async with log.reading(spans, keep=keep) as reading:
        streams = [PartStream(log, reading, part, wanted, on_read) for part in spans]
        async for seen in merge(streams):
            yield seen
