"""Composition root of the process `presence`: nothing connects before `run`."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import KafkaError

from chassis.backoff import Backoff
from chassis.health import Health
from chassis.logs import get_logger
from chassis.process import Stop
from chassis.publisher import Publisher
from chassis.records import Record
from chassis.table import Table
from chassis.tasks import first_of, run_until
from services.presence import metrics
from services.presence.lease_keeper import LeaseKeeper
from services.presence.loading import load
from services.presence.partition import Partition, Parts
from services.presence.records import MOST_CONNECTIONS
from services.presence.settings import PresenceSettings
from services.presence.streams import faust_app

_log = get_logger(__name__)

QUEUE_EVENTS = 2_000
SWEEP_INTERVAL_S = 1.0
DRAIN_LIMIT_S = 20.0

Queued = tuple[Record, Callable[[], Any]]


@dataclass(slots=True)
class _Held:
    """A partition that is ours: what waits for it, and who works on it."""

    queue: asyncio.Queue[Queued] = field(default_factory=lambda: asyncio.Queue(QUEUE_EVENTS))
    partition: Partition | None = None
    task: asyncio.Task[None] | None = None


class Presence:
    """Holds partitions while the group gives them to us."""

    def __init__(self, settings: PresenceSettings, health: Health, table: Table) -> None:
        self._settings = settings
        self._health = health
        self._table = table
        self._publisher = Publisher(settings, name=settings.instance_id or "presence")
        self._leases = LeaseKeeper(settings, self._publisher, health, lambda: 0 in self._held)
        self._parts = Parts(settings, table, self._publisher, health, self._leases.ended)
        self._held: dict[int, _Held] = {}
        self._failed: asyncio.Future[None] | None = None

    async def run(self, stop: Stop) -> None:
        """Work until `stop`; then what was begun is ended, and offsets are committed."""
        self._failed = asyncio.get_running_loop().create_future()
        self._health.set("group", "not yet in its consumer group")
        async with self._publisher:
            consuming = asyncio.create_task(self._consume(stop))
            try:
                # The rest goes on until what was begun is ended: draining needs leases and the publisher.
                await run_until(asyncio.wait([consuming]), self._leases.read(), self._leases.tick(), self._crash())
                await consuming
            finally:
                consuming.cancel()
                await asyncio.gather(consuming, return_exceptions=True)
                await self._table.close()

    async def _crash(self) -> None:
        if self._failed is not None:
            await self._failed

    async def _consume(self, stop: Stop) -> None:
        if not await first_of(stop, self._leases.wait_ready()):
            return
        app = faust_app(self._settings, on_event=self._queue, on_assigned=self._assigned, on_revoked=self._revoked)
        if not await first_of(stop, self._start(app)):
            return
        try:
            await stop.wait()
        finally:
            await self._drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(app.stop(), 15.0)

    async def _start(self, app: Any) -> None:
        backoff = Backoff(first_s=0.5)
        while True:
            try:
                await app.start()
            except (KafkaError, OSError) as error:
                self._health.set("group", "Kafka cannot be reached")
                _log.warning("the stream cannot start, trying again", error=str(error))
                await backoff.wait()
            else:
                return

    async def _queue(self, record: Record, ack: Callable[[], Any]) -> None:
        held = self._held.get(record.partition)
        if held is not None:
            await held.queue.put((record, ack))

    async def _assigned(self, partitions: frozenset[int]) -> None:
        for number in partitions - self._held.keys():
            held = self._held[number] = _Held()
            held.task = asyncio.create_task(self._work(number, held), name=f"partition {number}")
            held.task.add_done_callback(self._ended)
        self._health.set("group", None)

    async def _revoked(self, partitions: frozenset[int]) -> None:
        """Faust has waited until what was begun is acknowledged; what another worker writes is read anew."""
        for number in partitions:
            held = self._held.pop(number, None)
            if held is not None and held.task is not None:
                held.task.cancel()
                await asyncio.gather(held.task, return_exceptions=True)
                self._health.set(f"partition {number}", None)

    async def _work(self, number: int, held: _Held) -> None:
        held.partition = await self._load(number)
        await held.partition.republish()
        while True:
            batch = await self._next(held)
            if batch:
                await held.partition.handle([record for record, _ in batch])
                for _, ack in batch:
                    ack()
                    held.queue.task_done()
            await held.partition.tell_offline()
            if not batch:
                await self._sweep(number, held.partition)

    async def _sweep(self, number: int, partition: Partition) -> None:
        try:
            await partition.retire_ended()
        except TimeoutError:
            _log.warning("leases cannot be read to their end just now", partition=number)
        states = [state for one in self._held.values() if one.partition for state in one.partition.users.values()]
        metrics.USERS_ONLINE.set(sum(1 for state in states if state.connections))
        metrics.CONNECTIONS.set(sum(len(state.connections) for state in states))

    async def _load(self, number: int) -> Partition:
        backoff = Backoff(first_s=0.2)
        while True:
            try:
                users = await load(self._settings, number)
            except (KafkaError, OSError) as error:
                self._health.set(f"partition {number}", f"its state cannot be read: {error}")
                await backoff.wait()
            else:
                self._health.set(f"partition {number}", None)
                return Partition(number, users, self._parts)

    async def _next(self, held: _Held) -> list[Queued]:
        """The events that wait, one transaction's worth at most; nothing after a second without any."""
        try:
            batch = [await asyncio.wait_for(held.queue.get(), SWEEP_INTERVAL_S)]
        except TimeoutError:
            return []
        while len(batch) < MOST_CONNECTIONS and not held.queue.empty():
            batch.append(held.queue.get_nowait())
        return batch

    async def _drain(self) -> None:
        """What was handed to us is worked off before the offsets are committed for the last time."""
        waiting = [asyncio.create_task(held.queue.join()) for held in self._held.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=DRAIN_LIMIT_S)
        for task in waiting:
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)


def build(settings: PresenceSettings, health: Health) -> Presence:
    """The process, unconnected."""
    return Presence(settings, health, Table(settings))
