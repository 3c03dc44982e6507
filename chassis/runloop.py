"""The Kafka run loop: handle → effect → facts acknowledged → commit (spec 11). The one place that commits offsets.

    poll ─▶ lanes (one key each) ─▶ handler(batch) ─▶ publish ─▶ [effects] ─▶ offsets done ─▶ commit of the prefix

- An error whose `retryable` is true (something is away) repeats the same batch for ever, with backoff, not ready.
- Any other error halves the batch down to one record; the one that fails alone goes to chat.dead-letters, and the
  partition moves on. When the dead letter cannot be written, the offset does not move.
- Memory is bounded: what is read and not done counts, and a partition that holds its share of the limit is paused.
- A partition that is taken away: nothing new of it is begun, what is in flight is awaited, the prefix is committed.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.assignment import Assignment, RebalanceListener
from chassis.backoff import Backoff
from chassis.batches import BatchRunner, Handled, Handler, OnDeadLetter, Revoked
from chassis.commits import Commits, OnCommitted
from chassis.consumers import group_consumer, stop_consumer
from chassis.health import Health
from chassis.lanes import Lane, Lanes, Limits
from chassis.logs import get_logger
from chassis.publisher import Publisher
from chassis.records import Record, from_aiokafka
from chassis.settings import KafkaSettings
from chassis.takeovers import PartitionsHook, StartAt, Takeovers
from chassis.tasks import first_of
from chassis.traces.port import Traces
from chassis.traces.receiving import Receiving

__all__ = ["Handled", "Handler", "Limits", "RunLoop"]

_log = get_logger(__name__)

POLL_MS = 200
POLL_RECORDS = 2_000
STOP_LIMIT_S = 25.0


def _key_of(record: Record) -> Hashable:
    return record.key


class RunLoop:
    """Consumes topics in a group and hands each lane's batches to one handler."""

    def __init__(
        self,
        *,
        name: str,
        settings: KafkaSettings,
        group: str,
        topics: Sequence[str],
        handler: Handler,
        publisher: Publisher,
        health: Health,
        lane_of: Callable[[Record], Hashable] = _key_of,
        limits: Limits | None = None,
        on_assigned: PartitionsHook | None = None,
        on_revoked: PartitionsHook | None = None,
        start_at: StartAt | None = None,
        on_committed: OnCommitted | None = None,
        on_dead_letter: OnDeadLetter | None = None,
        instance_id: str | None = None,
        traces: Traces | None = None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._group = group
        self._topics = list(topics)
        self._health = health
        self._limits = limits or Limits()
        self._on_revoked = on_revoked
        self._on_committed = on_committed
        self._instance_id = instance_id
        self._lanes = Lanes(lane_of)
        self._assignment = Assignment()
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lanes_in_flight = 0
        self._crash: asyncio.Future[None] | None = None
        self._commits: Commits | None = None
        self._takeovers = Takeovers(name, self._assignment, health, self._stopping, on_assigned, start_at)
        receiving = None if traces is None else Receiving(traces, group)
        self._runner = BatchRunner(
            name, handler, publisher, health, on_dead_letter, self._assignment, self._lane_waits, receiving
        )

    def stop(self) -> None:
        """Begin nothing new; `run` ends when what is in flight has ended, after 25 s without its answers."""
        self._stopping.set()
        self._assignment.stopping()

    async def run(self) -> None:
        """Consume until `stop`. Raises what no retry and no dead letter can mend."""
        self._health.set(self._name, "not yet in its consumer group")
        consumer = await self._start_consumer()
        if consumer is None:
            return
        self._crash = asyncio.get_running_loop().create_future()
        self._commits = Commits(self._name, consumer, self._assignment, self._health, self._on_committed)
        background = [
            asyncio.create_task(self._commits.often()),
            asyncio.create_task(self._commits.watch(self._topics)),
        ]
        for task in background:
            task.add_done_callback(self._ended)
        try:
            await self._poll_until_stopped(consumer)
        finally:
            await self._finish(consumer, background)
        if self._crash.done():
            self._crash.result()

    async def _start_consumer(self) -> AIOKafkaConsumer | None:
        backoff = Backoff(first_s=0.2)
        while not self._stopping.is_set():
            consumer = group_consumer(self._settings, self._name, self._group, self._instance_id)
            consumer.subscribe(self._topics, listener=RebalanceListener(self._revoke, self._assignment))
            try:
                # It waits for a coordinator for as long as that takes; whoever stops does not.
                if not await first_of(self._stopping, consumer.start()):
                    await stop_consumer(consumer)
                    return None
            except (KafkaError, OSError) as error:
                self._health.set(self._name, "Kafka cannot be reached")
                _log.warning("the consumer cannot start, trying again", loop=self._name, error=str(error))
                await stop_consumer(consumer)
                await backoff.wait(self._stopping)
            else:
                return consumer
        return None

    async def _poll_until_stopped(self, consumer: AIOKafkaConsumer) -> None:
        most = min(POLL_RECORDS, self._limits.records)
        while not self._stopping.is_set():
            await self._takeovers.take(consumer)
            serial = self._assignment.serial
            batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=most)
            if serial != self._assignment.serial:
                # Fetched across a rebalance: it is read again from where its partition begins for us.
                continue
            for partition, messages in batches.items():
                self._take(partition, messages)
            self._start_lanes()
            self._pause_or_resume(consumer)

    def _take(self, partition: TopicPartition, messages: Sequence[object]) -> None:
        offsets = self._assignment.active.get(partition)
        if offsets is None:
            return
        for message in messages:
            record = from_aiokafka(message)
            if record.offset < offsets.next_expected:
                continue
            offsets.take(record.offset, record.timestamp)
            self._runner.hold(record)
            self._lanes.add(record)

    def _start_lanes(self) -> None:
        while self._lanes_in_flight < self._limits.lanes_in_flight and not self._stopping.is_set():
            lane = self._lanes.next()
            if lane is None:
                return
            self._lanes_in_flight += 1
            self._spawn(self._run_lane(lane))

    async def _run_lane(self, lane: Lane) -> None:
        batch = lane.take(self._limits)
        try:
            # Its partition may have gone, and its records with it, before it had its turn.
            if batch:
                await self._run_batch(lane, batch)
        except Revoked:
            self._runner.forget(batch)
        finally:
            self._lanes_in_flight -= 1
        # Not after an error that nobody foresaw: nothing of the lane may follow, the process ends and reads it again.
        self._lanes.release(lane)
        self._start_lanes()

    async def _run_batch(self, lane: Lane, batch: list[Record]) -> None:
        handled, rest = await self._runner.run(batch)
        if not lane.put_back(rest):
            self._runner.forget(rest)
        taken = batch[: len(batch) - len(rest)]
        if handled.effects is None:
            self._runner.finish(taken)
        else:
            self._spawn(self._runner.finish_after(taken, handled.effects))

    def _lane_waits(self, places: int) -> None:
        """A lane gives its place to others for as long as it waits for something that only itself needs."""
        self._lanes_in_flight -= places
        if places > 0:
            self._start_lanes()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """An error that no rule foresees ends the process: better read again than forgotten."""
        error = None if task.cancelled() else task.exception()
        if error is not None and self._crash is not None and not self._crash.done():
            self._crash.set_exception(error)
            self._stopping.set()

    def _pause_or_resume(self, consumer: AIOKafkaConsumer) -> None:
        verdict = self._runner.held.judge(consumer.assignment(), consumer.paused(), self._limits)
        if verdict.pause:
            consumer.pause(*verdict.pause)
        if verdict.resume:
            consumer.resume(*verdict.resume)

    # Rebalance, and the end

    async def _revoke(self, lost: frozenset[TopicPartition]) -> None:
        """What is in flight for partitions that go is awaited; then they are let go."""
        for partition in lost:
            for record in self._lanes.drop(partition.topic, partition.partition):
                self._runner.release(record)
        await self._await_in_flight(STOP_LIMIT_S)
        # A takeover that is under way ends first, so that it cannot undo what is let go here.
        async with self._takeovers.under_way:
            if self._on_revoked is not None:
                await self._on_revoked(lost)
        await self._await_in_flight(STOP_LIMIT_S, effects=True)
        if self._commits is not None:
            await self._commits.now()

    async def _await_in_flight(self, limit_s: float, *, effects: bool = False) -> None:
        deadline = time.monotonic() + limit_s
        while (self._tasks if effects else self._lanes_in_flight) and time.monotonic() < deadline:
            await asyncio.wait(list(self._tasks), timeout=0.1, return_when=asyncio.FIRST_COMPLETED)

    async def _finish(self, consumer: AIOKafkaConsumer, background: list[asyncio.Task[None]]) -> None:
        self._stopping.set()
        self._assignment.stopping()
        await self._await_in_flight(STOP_LIMIT_S)
        if self._on_revoked is not None and self._assignment.held:
            await self._on_revoked(frozenset(self._assignment.held))
        await self._await_in_flight(STOP_LIMIT_S, effects=True)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if self._commits is not None:
            await self._commits.now()
        for left in self._tasks:
            left.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await stop_consumer(consumer)
