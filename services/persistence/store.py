"""What persistence reads and writes of the table for rooms: one consistent read and one transaction a batch (spec 5).

The store never decides again: it tells `Fenced` when the room is not where it was read, and the run loop comes back
with the same records.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from chassis.items import Item, row
from chassis.joined_reads import Read
from chassis.projection.view import held
from chassis.table import TablePort
from chassis.table_errors import ConditionFailed
from contracts import table
from contracts.rows import (
    ClientMessageRow,
    FenceRow,
    MembershipRow,
    OutcomeRow,
    ProfileRow,
    RoomRow,
    Row,
)
from contracts.table import Key
from services.persistence import metrics
from services.persistence.cache import KnownRoom, RoomCache
from services.persistence.transaction import Transaction


class Fenced(Exception):
    """Somebody else wrote the room since it was read: nothing was written, and it is decided again from what stands."""

    code = "FENCED"
    retryable = True


class RoomStore:
    """Rooms in the table. Calls for one room never overlap; for several rooms they may."""

    def __init__(self, reads_and_writes: TablePort, cache: RoomCache, *, read: Read | None = None) -> None:
        """`read` takes the place of the table's own `batch_get`."""
        self._table = reads_and_writes
        self._batch_get: Read = read or reads_and_writes.batch_get
        self._cache = cache

    async def load(self, chat_room_id: str, keys: Iterable[Key], verdicts: Iterable[Key]) -> dict[Key, Row]:
        """The room's FENCE and METADATA and the rows at `keys`, as they stand now.

        Those of the room may come from the cache, where FENCE is without its facts. `verdicts` are OUTCOME rows, which
        matter only while the room may not exist. Raises chassis.table_errors.TableError.
        """
        known = self._cache.get(chat_room_id)
        if known is not None:
            found = await self._read(keys)
            return found | {table.fence(chat_room_id): known.fence, table.room(chat_room_id): known.room}
        return await self._read([table.fence(chat_room_id), table.room(chat_room_id), *keys, *verdicts])

    async def fence(self, chat_room_id: str) -> FenceRow | None:
        """FENCE as it stands in the table, with its facts."""
        return held(await self._read([table.fence(chat_room_id)]), table.fence(chat_room_id), FenceRow)

    async def commit(self, chat_room_id: str, transaction: Transaction, rows: dict[Key, Row]) -> None:
        """Write the transaction; `rows` are the room's rows as they are after it.

        Raises Fenced, or chassis.table_errors.TableError: then it is unknown whether it was written.
        """
        if not transaction.actions:
            return
        try:
            await self._table.transact(transaction.actions)
        except ConditionFailed:
            self.forget(chat_room_id)
            metrics.FENCED.inc()
            raise Fenced(f"the room {chat_room_id} moved on while it was decided") from None
        except BaseException:
            self.forget(chat_room_id)
            raise
        self._remember(chat_room_id, rows)

    def forget(self, chat_room_id: str) -> None:
        """Read the room anew the next time."""
        self._cache.drop(chat_room_id)

    def forget_all(self) -> None:
        """Partitions came or went: others may have written, or facts of ours may still be on their way."""
        self._cache.clear()

    def _remember(self, chat_room_id: str, rows: dict[Key, Row]) -> None:
        fence = held(rows, table.fence(chat_room_id), FenceRow)
        room = held(rows, table.room(chat_room_id), RoomRow)
        if fence is not None and room is not None:
            self._cache.put(chat_room_id, KnownRoom(replace(fence, facts=()), room))
        metrics.ROOMS_CACHED.set(len(self._cache))

    async def _read(self, keys: Iterable[Key]) -> dict[Key, Row]:
        wanted: Sequence[Key] = list(dict.fromkeys(keys))
        found = await self._batch_get(wanted) if wanted else {}
        return {key: _row_at(key, stored) for key, stored in found.items()}


def _row_at(key: Key, stored: Item) -> Row:
    """The row of the kind that its key names."""
    match key.sk.partition("#")[0]:
        case table.FENCE:
            return row(FenceRow, stored)
        case table.METADATA:
            return row(RoomRow, stored)
        case table.PROFILE:
            return row(ProfileRow, stored)
        case table.OUTCOME:
            return row(OutcomeRow, stored)
        case "CHATROOM":
            return row(MembershipRow, stored)
        case "CLIENTMESSAGE":
            return row(ClientMessageRow, stored)
    raise ValueError(f"persistence reads no row at {key.sk}")
