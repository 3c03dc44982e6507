"""Rooms as this worker left them, so that a batch need not read FENCE and METADATA again. Bounded.

An entry may be stale when another worker took the room over: the condition on FENCE finds out, nothing is written, and
the entry is dropped. `facts` are not kept: a record at or below an entry's position is looked up in the table.
"""

from collections import OrderedDict
from dataclasses import dataclass

from contracts.rows import FenceRow, RoomRow


@dataclass(frozen=True, slots=True)
class KnownRoom:
    """A room that exists."""

    fence: FenceRow
    room: RoomRow

    @property
    def weight(self) -> int:
        """What it takes, in participants."""
        return 10 + len(self.room.participant_ids)


class RoomCache:
    """Least recently used out, by the number of people in all rooms together."""

    def __init__(self, most_weight: int) -> None:
        self._most_weight = most_weight
        self._weight = 0
        self._rooms: OrderedDict[str, KnownRoom] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rooms)

    def get(self, chat_room_id: str) -> KnownRoom | None:
        """The room as it was left, if it is still held."""
        known = self._rooms.get(chat_room_id)
        if known is not None:
            self._rooms.move_to_end(chat_room_id)
        return known

    def put(self, chat_room_id: str, known: KnownRoom) -> None:
        """Remember the room; others go if it gets too much."""
        self.drop(chat_room_id)
        self._rooms[chat_room_id] = known
        self._weight += known.weight
        while self._weight > self._most_weight:
            _, gone = self._rooms.popitem(last=False)
            self._weight -= gone.weight

    def drop(self, chat_room_id: str) -> None:
        """Forget the room."""
        gone = self._rooms.pop(chat_room_id, None)
        self._weight -= gone.weight if gone else 0

    def clear(self) -> None:
        """Forget all."""
        self._rooms.clear()
        self._weight = 0
