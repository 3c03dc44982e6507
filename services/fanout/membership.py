"""Who is in a room, as of the facts routed so far: a bounded view that is loaded on first need (design 1).

A room loaded at position P ignores membership facts at or below P. Where the table is ahead of the fact that is being
routed, the people of then are given (see ahead.py).
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from contracts.facts import Fact, ParticipantRemoved, ParticipantsAdded, RoomCreated
from contracts.rows import RoomRow

UNKNOWN = -1
NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class Room:
    """What is held of one room."""

    partition: int
    participants: frozenset[str] = field(default=NOBODY)
    position: int = UNKNOWN
    """Of the last change of its people, an offset in chat.submissions."""
    exact: bool = False
    """Whether its people have once been known at a fact's place: they follow the facts from there on."""
    routed: int = UNKNOWN
    """Position of the last fact that was routed: what is not above it is a repetition."""
    looked_behind: bool = False
    """Whether `routed` counts what was routed before the takeover."""
    last_ms: int = 0
    """Broker time of the last fact; it never steps back, whatever the brokers' clocks do."""

    @property
    def known(self) -> bool:
        """Whether its people are known."""
        return self.position != UNKNOWN


class Membership:
    """Rooms by id, the least recently used first, and for each user the rooms held that they are in."""

    def __init__(self, *, rooms_most: int, participants_most: int) -> None:
        self._rooms: OrderedDict[str, Room] = OrderedDict()
        self._rooms_of: defaultdict[str, set[str]] = defaultdict(set)
        self._rooms_most = rooms_most
        self._participants_most = participants_most
        self.participants = 0
        """Memberships held, over all rooms."""

    def __len__(self) -> int:
        return len(self._rooms)

    def knows(self, chat_room_id: str) -> bool:
        """Whether the room's people are known."""
        room = self._rooms.get(chat_room_id)
        return room is not None and room.known

    def is_behind(self, chat_room_id: str, position: int) -> bool:
        """Whether the room's people are known as of before the fact at `position`.

        What was loaded for a notice, which has no place in the log, may be ahead of the facts.
        """
        room = self._rooms.get(chat_room_id)
        return room is not None and room.known and (room.exact or room.position < position)

    def people(self, chat_room_id: str) -> frozenset[str]:
        """The room's people; nobody if they are not known."""
        room = self._rooms.get(chat_room_id)
        return NOBODY if room is None else room.participants

    def shared_with(self, user_id: str) -> list[Collection[str]]:
        """The people of each room held that the user is in."""
        return [self._rooms[chat_room_id].participants for chat_room_id in self._rooms_of.get(user_id, ())]

    def load(self, chat_room_id: str, partition: int, row: RoomRow) -> None:
        """Take the table's word, unless the view is as far already."""
        room = self._use(chat_room_id, partition)
        if row.position > room.position:
            self._set(chat_room_id, room, frozenset(row.participant_ids), row.position)

    def load_as_of(self, chat_room_id: str, partition: int, people: frozenset[str], position: int) -> None:
        """Take `people` for those that were in the room at `position`, whatever was loaded before."""
        room = self._use(chat_room_id, partition)
        room.exact = True
        self._set(chat_room_id, room, people, position)

    def looked_behind(self, chat_room_id: str) -> bool:
        """Whether it is known what of the room was routed before the takeover."""
        room = self._rooms.get(chat_room_id)
        return room is not None and room.looked_behind

    def was_routed(self, chat_room_id: str, partition: int, position: int) -> None:
        """Before the takeover the room's facts were routed up to `position`."""
        room = self._use(chat_room_id, partition)
        room.routed, room.looked_behind = max(room.routed, position), True

    def advance(self, fact: Fact, partition: int, time_ms: int) -> bool:
        """Note that `fact` is routed now, at broker time `time_ms`; False: it was already."""
        room = self._use(fact.chat_room_id, partition)
        # Also what is routed already moves people: they may be those of before it, while its original was never read.
        self._apply(fact, room)
        if fact.submission.offset <= room.routed:
            return False
        room.routed = fact.submission.offset
        room.last_ms = max(room.last_ms, time_ms)
        return True

    def time_of(self, chat_room_id: str) -> int:
        """Broker time of the room's last fact; it never steps back."""
        return self._rooms[chat_room_id].last_ms

    def drop_partition(self, partition: int) -> None:
        """Forget the rooms of a partition: its facts are no longer read, or are read again."""
        for chat_room_id in [name for name, room in self._rooms.items() if room.partition == partition]:
            self._forget(chat_room_id)

    def trim(self, window_start_ms: Callable[[int], int]) -> None:
        """Forget the least recently used rooms over the bounds, but none with a fact inside the catch-up window."""
        while len(self._rooms) > self._rooms_most or self.participants > self._participants_most:
            chat_room_id, room = next(iter(self._rooms.items()))
            if room.last_ms >= window_start_ms(room.partition):
                return
            self._forget(chat_room_id)

    def _use(self, chat_room_id: str, partition: int) -> Room:
        room = self._rooms.get(chat_room_id)
        if room is None:
            room = self._rooms[chat_room_id] = Room(partition)
        self._rooms.move_to_end(chat_room_id)
        return room

    def _apply(self, fact: Fact, room: Room) -> None:
        position = fact.submission.offset
        if position <= room.position:
            return
        room.exact = room.exact or room.known
        match fact:
            case RoomCreated():
                self._set(fact.chat_room_id, room, frozenset(fact.participant_ids), position)
            case ParticipantsAdded():
                self._set(fact.chat_room_id, room, room.participants.union(fact.user_ids), position)
            case ParticipantRemoved():
                self._set(fact.chat_room_id, room, room.participants - {fact.user_id}, position)

    def _set(self, chat_room_id: str, room: Room, participants: frozenset[str], position: int) -> None:
        for user_id in room.participants - participants:
            self._leave(user_id, chat_room_id)
        for user_id in participants - room.participants:
            self._rooms_of[user_id].add(chat_room_id)
        self.participants += len(participants) - len(room.participants)
        room.participants, room.position = participants, position

    def _leave(self, user_id: str, chat_room_id: str) -> None:
        rooms = self._rooms_of[user_id]
        rooms.discard(chat_room_id)
        if not rooms:
            del self._rooms_of[user_id]

    def _forget(self, chat_room_id: str) -> None:
        room = self._rooms.pop(chat_room_id)
        self.participants -= len(room.participants)
        for user_id in room.participants:
            self._leave(user_id, chat_room_id)
