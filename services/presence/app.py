"""Composition root of the process `presence`: nothing connects before `run`."""

import asyncio

from chassis.backoff import Backoff
from chassis.health import Health
from chassis.logs import get_logger
from chassis.process import Stop
from chassis.publisher import Publisher
from chassis.table import Table
from chassis.table_errors import TableError
from chassis.tasks import first_of, run_until
from contracts import table as keys
from contracts.topics import CONNECTIONS
from services.presence import metrics
from services.presence.holding import Holding
from services.presence.lease_keeper import LeaseKeeper
from services.presence.parts import Parts
from services.presence.settings import PresenceSettings
from services.presence.stream import PART, Stream, StreamCrashed

_log = get_logger(__name__)

WATCH_INTERVAL_S = 5.0


class Presence:
    """Folds chat.connections into connection records and chat.presence."""

    def __init__(self, settings: PresenceSettings, health: Health, table: Table) -> None:
        self._settings = settings
        self._health = health
        self._table = table
        self._publisher = Publisher(settings, name=settings.instance_id or "presence")
        self._leases = LeaseKeeper(
            settings,
            self._publisher,
            health,
            keeps_time=lambda: 0 in self._holding.numbers,
        )
        self._failure: asyncio.Future[None] | None = None
        parts = Parts(
            settings=settings,
            table=table,
            publisher=self._publisher,
            health=health,
            ended=self._leases.ended,
            endings=self._leases.endings,
        )
        self._holding = Holding(parts, self._fail)
        self._leases.on_ending(self._holding.wake)

    async def run(self, stop: Stop) -> None:
        """Work until `stop`; then what was begun is ended and committed. Raises what no retry can mend."""
        self._failure = asyncio.get_running_loop().create_future()
        self._health.set(PART, "not yet in its consumer group")
        consuming = asyncio.create_task(self._consume(stop), name="consume")
        async with self._publisher:
            try:
                await run_until(
                    asyncio.wait([consuming, self._failure], return_when=asyncio.FIRST_COMPLETED),
                    self._leases.read(),
                    self._leases.tick(),
                    self._watch(),
                )
                if self._failure.done():
                    self._failure.result()
                await consuming
            finally:
                consuming.cancel()
                await asyncio.gather(consuming, return_exceptions=True)
                self._failure.cancel()
                await self._table.close()

    async def _consume(self, stop: Stop) -> None:
        # Nothing is routed before the leases are known.
        if not await first_of(stop, self._leases.wait_ready()):
            return
        backoff = Backoff(first_s=0.5)
        while not stop.is_set():
            try:
                await Stream(self._settings, self._holding, self._health).run(stop)
            except StreamCrashed as error:
                metrics.STREAMS_RESTARTED.inc()
                self._health.set(PART, f"the stream crashed: {error}"[:300])
                _log.error("the stream crashed, another takes its place", error=str(error))
                await backoff.wait(stop)

    async def _watch(self) -> None:
        """Tell readiness whether the table and Kafka answer, also while nothing happens."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            await self._watch_table()
            try:
                await self._leases.read_on(WATCH_INTERVAL_S)
            except Exception as error:  # noqa: BLE001 - whatever Kafka's client raises, it is no answer
                self._health.set("kafka", f"Kafka does not answer: {type(error).__name__}")
            else:
                self._health.set("kafka", self._publisher.problem)

    async def _watch_table(self) -> None:
        try:
            await self._table.get(keys.checkpoint(CONNECTIONS.name, 0))
        except TableError as error:
            self._health.set("table", f"{error.code}: {error}"[:300])
        else:
            self._health.set("table", None)

    def _fail(self, error: BaseException) -> None:
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(error)


def build(settings: PresenceSettings, health: Health) -> Presence:
    """The process, unconnected."""
    return Presence(settings, health, Table(settings))
