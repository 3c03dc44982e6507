"""A worker of fan-out on a table and a log in memory."""

from chassis.items import item
from chassis.records import Record
from contracts import table as keys
from contracts.envelope import encode
from contracts.facts import Fact
from contracts.topics import ROOMS
from services.fanout.ahead import Ahead
from services.fanout.behind import Behind
from services.fanout.holdings import Holdings
from services.fanout.worker import Worker
from tests.doubles.log import MemoryLog
from tests.doubles.table import MemoryTable
from tests.unit.services.fanout import given
from tests.unit.services.fanout.test_takeover import Log


class Bench:
    """A worker with a table in memory that knows the lobby."""

    def __init__(self, *, held: bool = False) -> None:
        self.site = given.Site(held=held)
        self.table = MemoryTable()
        self.log = Log()
        self.rooms = MemoryLog(partitions=1)
        self.holdings = Holdings(
            dispatch=self.site.dispatch,
            peek=self.log,
            window_of=lambda reaches_ms: given.window(reaches_ms=reaches_ms),
            window_ms=given.MINUTE_MS,
            release_s=0.05,
            drop_abandoned=lambda: None,
        )
        self.worker = Worker(
            dispatch=self.site.dispatch,
            membership=self.site.membership,
            holdings=self.holdings,
            table=self.table,
            ahead=Ahead(self.rooms),
            behind=Behind(self.rooms),
        )

    def written(self, *facts: Fact) -> list[Record]:
        """The facts as they stand in chat.rooms, from offset 0 on."""
        return [self.rooms.append(ROOMS.name, fact.chat_room_id, encode(fact)) for fact in facts]

    def stored(self, position: int, *people: str) -> None:
        key = keys.room("lobby")
        self.table.items[key] = item(key, given.row(position, *people))
