"""Partitions that the group gives us: prepared, and where each begins (spec 11)."""

import asyncio
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.assignment import Assignment, start_of
from chassis.backoff import Backoff, is_retryable
from chassis.health import Health
from chassis.logs import get_logger
from chassis.tasks import first_of

_log = get_logger(__name__)

PREPARE_LIMIT_S = 30.0

PartitionsHook = Callable[[frozenset[TopicPartition]], Awaitable[None]]
StartAt = Callable[[TopicPartition, int | None], Awaitable[int | None]]


class Takeovers:
    """One at a time; what the group takes back meanwhile waits for `under_way`, so that neither undoes the other."""

    def __init__(
        self,
        name: str,
        assignment: Assignment,
        health: Health,
        stopping: asyncio.Event,
        on_assigned: PartitionsHook | None,
        start_at: StartAt | None,
    ) -> None:
        self._name = name
        self._assignment = assignment
        self._health = health
        self._stopping = stopping
        self._on_assigned = on_assigned
        self._start_at = start_at
        self.under_way = asyncio.Lock()

    async def take(self, consumer: AIOKafkaConsumer) -> None:
        """Prepare partitions that were assigned since the last poll, and say where each begins."""
        fresh, serial = self._assignment.take_fresh(), self._assignment.serial
        if fresh is None:
            return
        backoff = Backoff()
        while not self._stopping.is_set() and serial == self._assignment.serial:
            try:
                starts = await self._prepared(consumer, fresh, serial)
            except Exception as error:
                if not is_retryable(error):
                    raise
                self._health.set(self._name, f"cannot take over its partitions: {type(error).__name__}: {error}")
                _log.warning("partitions cannot be taken over yet", loop=self._name, error=str(error))
                await backoff.wait(self._stopping)
                continue
            if starts is not None:
                self._assignment.activate(consumer, starts)
                self._health.set(self._name, None)
            return

    async def _prepared(
        self, consumer: AIOKafkaConsumer, fresh: frozenset[TopicPartition], serial: int
    ) -> dict[TopicPartition, tuple[int, int]] | None:
        """Where each begins; None where the group has changed its mind meanwhile, or we stop.

        What was prepared then is void: another worker may have gone on from there.
        """
        starts: dict[TopicPartition, tuple[int, int]] = {}

        async def prepare() -> None:
            async with self.under_way, asyncio.timeout(PREPARE_LIMIT_S):
                starts.update(await self._prepare(consumer, fresh))

        ended = await first_of(self._stopping, prepare())
        return starts if ended and serial == self._assignment.serial else None

    async def _prepare(
        self, consumer: AIOKafkaConsumer, fresh: frozenset[TopicPartition]
    ) -> dict[TopicPartition, tuple[int, int]]:
        """Where each partition is read from, and from which offset on it counts."""
        if self._on_assigned is not None:
            await self._on_assigned(fresh)
        earliest = await consumer.beginning_offsets(fresh) if fresh else {}
        starts = {}
        for partition in fresh:
            committed = await consumer.committed(partition)
            asked = await self._start_at(partition, committed) if self._start_at is not None else None
            starts[partition] = start_of(earliest[partition], committed, asked)
        return starts
