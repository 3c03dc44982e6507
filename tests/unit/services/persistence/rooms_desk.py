"""Workers of rooms on a table double, for the tests of the handler."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from chassis.batches import Handled
from chassis.items import item, row
from chassis.records import Outgoing, Record
from contracts import table
from contracts.facts import Fact
from contracts.rows import FenceRow, OutcomeRow, ProfileRow
from contracts.submissions import Submission
from contracts.topics import ROOMS
from services.persistence.cache import RoomCache
from services.persistence.case import Rules
from services.persistence.rooms import RoomHandler
from services.persistence.store import RoomStore
from tests.doubles.rooms import AT, record
from tests.doubles.table import MemoryTable


class Desk:
    """A table with approved users, and workers that share it."""

    def __init__(self, *approved: str) -> None:
        self.table = MemoryTable()
        self.offsets = count()
        for user in approved:
            self.judge(user, "approved")

    def judge(self, user: str, status: Any) -> None:
        made = ProfileRow(position=1, user_id=user, verification_status=status, display_name=user, updated_at=AT)
        self.table.items[table.profile(user)] = item(table.profile(user), made)

    def worker(self, rules: Rules | None = None) -> RoomHandler:
        return RoomHandler(RoomStore(self.table, RoomCache(100_000)), rules or Rules())

    def records(self, *asked: Submission | bytes | None, **fields: Any) -> list[Record]:
        return [record(one, next(self.offsets), **fields) for one in asked]

    @property
    def fence(self) -> FenceRow | None:
        stored = self.table.items.get(table.fence("room"))
        return row(FenceRow, stored) if stored else None

    def outcome(self, asked: Submission) -> str | None:
        stored = self.table.items.get(table.outcome(asked.event_id))
        return row(OutcomeRow, stored).code if stored else None


def facts(handled: Handled) -> list[Fact]:
    return [fact for message in handled.publish if isinstance(fact := ROOMS.decode(message.value), Fact)]


async def run(worker: RoomHandler, batch: Sequence[Record]) -> list[Outgoing]:
    """As the run loop does: what is not taken comes again."""
    published: list[Outgoing] = []
    rest = list(batch)
    while rest:
        handled = await worker.handle(rest)
        published += handled.publish
        assert handled.taken
        rest = rest[handled.taken :]
    return published
