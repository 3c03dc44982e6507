"""Who was in a room before a fact, where the table is ahead of it (spec 3).

A worker that takes a partition over reads what was posted a while ago, while the table tells who is in the room now:

    log      m1   m2   removed(ann)   m3   added(ann)   m4
              ▲ routed next                              ▲ the table stands here: ann is in the room

Routed with the table's people, ann would get m3, which was posted while she was out; and had the table stood behind
`removed`, she would miss m1 and m2, though she was in the room, and see a hole when she is back. So the moves between
the fact and the table are read ahead, and taken back.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from chassis.log_reader import Reader, Span
from chassis.records import Record
from contracts.facts import Fact, ParticipantRemoved, ParticipantsAdded, RoomCreated
from contracts.rows import RoomRow
from contracts.topics import ROOMS
from services.fanout.stretch import facts_in

Move = RoomCreated | ParticipantsAdded | ParticipantRemoved
Moves = Mapping[int, Move]
"""What changed a room's people, by position."""

MOVES_MOST = 100_000
"""Held for one partition; with more the stretch begins anew at the fact that is asked for."""
_TYPES = (b'"roomCreated"', b'"participantsAdded"', b'"participantRemoved"')
_HEAD_BYTES = 40
"""`type` stands first in what we write."""


class FactOnItsWay(Exception):
    """The table tells of a move whose fact is not in the log yet: persistence writes it before the room goes on."""

    code = "FACT_ON_ITS_WAY"
    retryable = True
    of_one_record = True


@dataclass(slots=True)
class _Stretch:
    """Records of a partition that were read ahead."""

    begin: int
    end: int
    moves: dict[str, dict[int, Move]] = field(default_factory=lambda: defaultdict(dict))
    count: int = 0


class Ahead:
    """Reads ahead in chat.rooms, each record once at most for a stretch, however many of its rooms are asked for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._stretches: dict[int, _Stretch] = {}
        self._turn = asyncio.Lock()

    async def people_before(self, record: Record, fact: Fact, row: RoomRow) -> frozenset[str]:
        """The room's people just before `fact`, which stands in `record`; `row` is not behind it.

        Raises FactOnItsWay, or LogSilent: ask again later.
        """
        async with self._turn:
            moves = await self._moves(record, fact.chat_room_id, row.position)
        return taken_back(frozenset(row.participant_ids), moves, fact.submission.offset, row.position)

    async def _moves(self, record: Record, chat_room_id: str, position: int) -> Moves:
        stretch = self._stretches.get(record.partition)
        if stretch is None or record.offset > stretch.end or stretch.count > MOVES_MOST:
            stretch = self._stretches[record.partition] = _Stretch(record.offset, record.offset)
        partition = TopicPartition(ROOMS.name, record.partition)
        if record.offset < stretch.begin:
            await self._read(partition, Span(record.offset, stretch.begin), stretch)
            stretch.begin = record.offset
        if position not in stretch.moves[chat_room_id]:
            end = (await self._reader.bounds(ROOMS.name))[partition].end
            await self._read(partition, Span(stretch.end, end), stretch)
            stretch.end = max(stretch.end, end)
        if position not in stretch.moves[chat_room_id]:
            raise FactOnItsWay(f"the room stands at {position}, and no fact in the log tells why")
        return stretch.moves[chat_room_id]

    async def _read(self, partition: TopicPartition, span: Span, stretch: _Stretch) -> None:
        async for fact in facts_in(self._reader, partition.partition, span, _is_move):
            if isinstance(fact, Move):
                moves = stretch.moves[fact.chat_room_id]
                stretch.count += fact.submission.offset not in moves
                moves[fact.submission.offset] = fact


def taken_back(people: frozenset[str], moves: Moves, since: int, until: int) -> frozenset[str]:
    """`people` without what the moves at positions from `since` to `until` have done, the latest first."""
    for position in sorted((one for one in moves if since <= one <= until), reverse=True):
        match moves[position]:
            case ParticipantsAdded(user_ids=came):
                people -= frozenset(came)
            case ParticipantRemoved(user_id=gone):
                people |= {gone}
            case RoomCreated():
                people = frozenset()
    return people


def _is_move(_key: bytes | None, value: bytes | None) -> bool:
    return value is not None and any(kind in value[:_HEAD_BYTES] for kind in _TYPES)
