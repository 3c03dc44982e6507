"""Composition root of the process `persistence`: nothing connects before `run`."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from aiokafka import TopicPartition

from chassis.batches import Handled
from chassis.health import Health
from chassis.joined_reads import JoinedReads
from chassis.lanes import Limits
from chassis.process import Stop
from chassis.publisher import Publisher
from chassis.records import Record
from chassis.runloop import RunLoop
from chassis.table import Table
from chassis.traces.opening import close, opened
from chassis.traces.port import Traces
from contracts.topics import SUBMISSIONS, USERS
from services.persistence.cache import RoomCache
from services.persistence.checkpoints import Checkpoints
from services.persistence.log_identity import require_own_log
from services.persistence.profiles import ProfileHandler
from services.persistence.rooms import RoomHandler
from services.persistence.settings import PersistenceSettings
from services.persistence.store import RoomStore

BATCH_RECORDS = 98
"""As many messages as one transaction holds besides FENCE and LASTMESSAGE."""


class _Handles(Protocol):
    async def handle(self, batch: Sequence[Record]) -> Handled: ...

    async def answer_dead_letter(self, record: Record, error: Exception) -> Handled: ...


class Persistence:
    """The single writer of rooms and profiles."""

    def __init__(
        self, settings: PersistenceSettings, health: Health, table: Table, traces: Traces | None = None
    ) -> None:
        self._settings = settings
        self._traces = traces
        self._health = health
        self._table = table
        self._store = RoomStore(table, RoomCache(settings.cached_participants), read=JoinedReads(table.batch_get).read)
        self._checkpoints = Checkpoints(table, interval_s=settings.checkpoint_interval_s)
        self._handlers: dict[str, _Handles] = {
            SUBMISSIONS.name: RoomHandler(self._store, settings.rules, traces=traces),
            USERS.name: ProfileHandler(table),
        }

    async def run(self, stop: Stop) -> None:
        """Decide until `stop`. Raises chassis.log_id.OtherLog where the table belongs to other topics."""
        try:
            if await require_own_log(self._settings, self._health, stop):
                await self._consume(stop)
        finally:
            await self._table.close()
            await close(self._traces)

    async def _consume(self, stop: Stop) -> None:
        name = self._settings.instance_id or "persistence"
        async with Publisher(self._settings, name=name, traces=self._traces) as publisher:
            loop = self._loop(publisher)
            checkpoints = asyncio.create_task(self._checkpoints.run(), name="checkpoints")
            stopper = asyncio.create_task(_when(stop, loop.stop), name="stopper")
            try:
                await loop.run()
                await self._checkpoints.flush()
            finally:
                for task in (checkpoints, stopper):
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

    def _loop(self, publisher: Publisher) -> RunLoop:
        return RunLoop(
            name="persistence",
            settings=self._settings,
            group=self._settings.persistence_group,
            topics=list(self._handlers),
            handler=self._handle,
            publisher=publisher,
            health=self._health,
            limits=Limits(batch_records=BATCH_RECORDS, lanes_in_flight=self._settings.rooms_in_flight),
            on_assigned=self._forget_rooms,
            on_revoked=self._forget_rooms,
            on_committed=self._checkpoints.note,
            on_dead_letter=self._answer,
            instance_id=self._settings.instance_id,
            traces=self._traces,
        )

    async def _handle(self, batch: Sequence[Record]) -> Handled:
        return await self._handlers[batch[0].topic].handle(batch)

    async def _answer(self, record: Record, error: Exception) -> Handled:
        return await self._handlers[record.topic].answer_dead_letter(record, error)

    async def _forget_rooms(self, _partitions: frozenset[TopicPartition]) -> None:
        self._store.forget_all()


async def _when(stop: Stop, act: Callable[[], None]) -> None:
    await stop.wait()
    act()


def build(settings: PersistenceSettings, health: Health) -> Persistence:
    """The process, unconnected."""
    return Persistence(settings, health, Table(settings), opened(settings, "persistence", settings.instance_id))
