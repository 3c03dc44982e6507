"""What stands in chat.rooms before the place where a partition was taken over: whether a fact is there already.

Persistence that has died emits its last facts again (spec 5). Where the original stands before the place of the
takeover, nothing tells the repetition from news, and a connection that has got later messages would get an older one
after them:

    log     295   296 … 336   │   295   337
             ▲ the original   ▲ taken over here    ▲ not news
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from chassis.log_reader import Reader, Span
from contracts.facts import Fact, MessagePosted
from contracts.topics import ROOMS
from services.fanout.locations import OVERLAP_MS
from services.fanout.membership import UNKNOWN
from services.fanout.partition import Takeover
from services.fanout.stretch import facts_in


def asks_from(facts: Sequence[Fact], takeover: Takeover) -> int | None:
    """From which broker time on the originals of `facts` may stand before the takeover; None: nowhere."""
    accepted = [fact.timestamp for fact in facts if isinstance(fact, MessagePosted)]
    since = min(accepted, default=takeover.reaches_ms + OVERLAP_MS) - OVERLAP_MS
    return since if since < takeover.reaches_ms else None


@dataclass(slots=True)
class _Stretch:
    """Records before the offset of a takeover that were read."""

    begin: int
    end: int
    since_ms: int
    last: dict[str, int] = field(default_factory=dict)
    """The highest position of each room."""


class Behind:
    """Reads back in chat.rooms, each record once at most for a takeover, however many of its rooms are asked for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._stretches: dict[int, _Stretch] = {}
        self._turn = asyncio.Lock()

    async def last_of(self, chat_room_id: str, since_ms: int, number: int, takeover: Takeover) -> int:
        """The position of the room's last fact before the takeover, back to `since_ms`; UNKNOWN: there is none.

        Raises LogSilent: ask again later.
        """
        async with self._turn:
            stretch = self._stretches.get(number)
            if stretch is None or stretch.end != takeover.start:
                stretch = self._stretches[number] = _Stretch(takeover.start, takeover.start, takeover.reaches_ms)
            if since_ms < stretch.since_ms:
                await self._extend(TopicPartition(ROOMS.name, number), stretch, since_ms)
        return stretch.last.get(chat_room_id, UNKNOWN)

    async def _extend(self, partition: TopicPartition, stretch: _Stretch, since_ms: int) -> None:
        begin = (await self._reader.offsets_at([partition], since_ms))[partition]
        span = Span(stretch.begin if begin is None else min(begin, stretch.begin), stretch.begin)
        async for fact in facts_in(self._reader, partition.partition, span):
            stretch.last[fact.chat_room_id] = max(stretch.last.get(fact.chat_room_id, UNKNOWN), fact.submission.offset)
        stretch.begin, stretch.since_ms = span.begin, since_ms
