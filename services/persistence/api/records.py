"""Reads of the table, strongly consistent; this process never writes there (spec 5 and 8)."""

import time
from collections.abc import Callable, Iterable, Sequence

from chassis.items import Item, row
from chassis.table import TableReads
from contracts import table
from contracts.limits import USERS_FOUND
from contracts.rows import DirectoryRow, LastMessageRow, MembershipRow, MessageRow, OutcomeRow, ProfileRow, RoomRow
from contracts.table import Key

# ":" follows "9", so this stands behind every timestamp and before every other kind of row.
_AFTER_ALL_MESSAGES = f"{table.MESSAGE_PREFIX}:"


class Records:
    """The rows that the endpoints ask for. Raises chassis.table_errors.TableError."""

    def __init__(self, reads: TableReads, *, now_s: Callable[[], float] = time.time) -> None:
        self._reads = reads
        self._now_s = now_s

    async def profile(self, user_id: str) -> ProfileRow | None:
        """Who somebody is, or None before the first sign-in."""
        found = await self._reads.get(table.profile(user_id))
        return row(ProfileRow, found) if found else None

    async def profiles(self, user_ids: Iterable[str]) -> dict[str, ProfileRow]:
        """The profiles that exist, by user."""
        found = await self._reads.batch_get([table.profile(user_id) for user_id in user_ids])
        rows = [row(ProfileRow, stored) for stored in found.values()]
        return {profile.user_id: profile for profile in rows}

    async def membership(self, user_id: str, chat_room_id: str) -> MembershipRow | None:
        """The user's place in the room, or None for one who is not in it."""
        found = await self._reads.get(table.membership(user_id, chat_room_id))
        return row(MembershipRow, found) if found else None

    async def memberships(self, user_id: str) -> list[MembershipRow]:
        """All rooms of a user."""
        found = await self._reads.query(table.user_pk(user_id), begins_with=table.CHATROOM_PREFIX)
        return [row(MembershipRow, stored) for stored in found]

    async def read_marks(self, chat_room_id: str, user_ids: Iterable[str]) -> dict[str, int]:
        """How far each participant has read, by user."""
        keys = {table.membership(user_id, chat_room_id): user_id for user_id in user_ids}
        found = await self._reads.batch_get(list(keys))
        return {keys[key]: row(MembershipRow, stored).last_read_seq for key, stored in found.items()}

    async def room(self, chat_room_id: str) -> RoomRow | None:
        """A room and its people, or None."""
        found = await self._reads.get(table.room(chat_room_id))
        return row(RoomRow, found) if found else None

    async def rooms(self, chat_room_ids: Sequence[str]) -> dict[str, tuple[RoomRow, LastMessageRow | None]]:
        """Those of the rooms that exist, each with its newest message."""
        keys = [key for room_id in chat_room_ids for key in (table.room(room_id), table.last_message(room_id))]
        found = await self._reads.batch_get(keys)
        return {room_id: _with_last(found, room_id) for room_id in chat_room_ids if table.room(room_id) in found}

    async def messages_after(self, chat_room_id: str, timestamp: int, most: int) -> list[MessageRow]:
        """The first `most` messages later than `timestamp`, ascending."""
        start = table.message_sort_prefix(timestamp + 1)
        return await self._messages(chat_room_id, (start, _AFTER_ALL_MESSAGES), most, ascending=True)

    async def messages_before(self, chat_room_id: str, timestamp: int | None, most: int) -> list[MessageRow]:
        """The last `most` messages earlier than `timestamp` (None: of all), newest first."""
        end = _AFTER_ALL_MESSAGES if timestamp is None else table.message_sort_prefix(timestamp)
        return await self._messages(chat_room_id, (table.MESSAGE_PREFIX, end), most, ascending=False)

    async def people_named(self, start_of_name: str) -> list[DirectoryRow]:
        """People whose display name starts so, whatever its case, by name; 20 at most."""
        prefix = table.directory_prefix(start_of_name)
        found = await self._reads.query(table.DIRECTORY_PK, begins_with=prefix, limit=USERS_FOUND)
        return [row(DirectoryRow, stored) for stored in found]

    async def outcomes(self, event_ids: Sequence[str]) -> dict[str, OutcomeRow]:
        """What was decided about those of the commands that are decided; kept for 24 h."""
        keys = {table.outcome(event_id): event_id for event_id in event_ids}
        found = await self._reads.batch_get(list(keys))
        rows = {keys[key]: row(OutcomeRow, stored) for key, stored in found.items()}
        return {event_id: outcome for event_id, outcome in rows.items() if outcome.ttl > self._now_s()}

    async def _messages(
        self, chat_room_id: str, between: tuple[str, str], most: int, *, ascending: bool
    ) -> list[MessageRow]:
        found = await self._reads.query(table.room_pk(chat_room_id), between=between, ascending=ascending, limit=most)
        return [row(MessageRow, stored) for stored in found]


def _with_last(found: dict[Key, Item], room_id: str) -> tuple[RoomRow, LastMessageRow | None]:
    last = found.get(table.last_message(room_id))
    return row(RoomRow, found[table.room(room_id)]), row(LastMessageRow, last) if last else None
