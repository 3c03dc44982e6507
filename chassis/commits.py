"""Commits of the run loop: the longest finished prefix of each partition, often, and what follows from it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis import metrics
from chassis.assignment import Assignment
from chassis.backoff import is_retryable
from chassis.health import Health
from chassis.logs import get_logger

_log = get_logger(__name__)

COMMIT_INTERVAL_S = 0.5
COMMIT_LIMIT_S = 10.0
WATCH_INTERVAL_S = 5.0
WATCH_LIMIT_S = 5.0

OnCommitted = Callable[[TopicPartition, int], Awaitable[None]]


class Commits:
    """Commits for one consumer."""

    def __init__(
        self,
        name: str,
        consumer: AIOKafkaConsumer,
        assignment: Assignment,
        health: Health,
        on_committed: OnCommitted | None,
    ) -> None:
        self._name = name
        self._consumer = consumer
        self._assignment = assignment
        self._health = health
        self._on_committed = on_committed

    async def often(self) -> None:
        """Commit twice a second until cancelled."""
        while True:
            await asyncio.sleep(COMMIT_INTERVAL_S)
            await self.now()

    async def now(self) -> None:
        """Commit what is due; what cannot be committed is read again at worst, and that is harmless."""
        due = self._assignment.due()
        if not due:
            return
        try:
            async with asyncio.timeout(COMMIT_LIMIT_S):
                await self._consumer.commit(due)
        except (KafkaError, TimeoutError, ValueError) as error:
            _log.warning("offsets were not committed", loop=self._name, error=f"{type(error).__name__}: {error}")
            return
        self._assignment.committed(due)
        if self._on_committed is not None:
            await self._tell(due, self._on_committed)

    async def watch(self, topics: Sequence[str]) -> None:
        """Tell readiness whether Kafka answers, and metrics how far behind we are, until cancelled."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            partitions = list(self._assignment.active)
            # First, and whatever Kafka says: while it is away the oldest record grows older.
            for topic in topics:
                metrics.OLDEST_SECONDS.labels(topic).set(self._assignment.oldest_s(topic, time.time()))
            try:
                async with asyncio.timeout(WATCH_LIMIT_S):
                    ends = await self._consumer.end_offsets(partitions) if partitions else {}
            except (KafkaError, TimeoutError, OSError):
                self._health.set("kafka", "Kafka does not answer")
                continue
            self._health.set("kafka", None)
            for topic in topics:
                metrics.LAG.labels(topic).set(self._assignment.lag(topic, ends))

    async def _tell(self, offsets: dict[TopicPartition, int], on_committed: OnCommitted) -> None:
        for partition, offset in offsets.items():
            try:
                await on_committed(partition, offset)
            except Exception as error:
                if not is_retryable(error):
                    raise
                # The next commit tells a later offset, which includes this one.
                _log.warning("what follows a commit has to wait", loop=self._name, error=str(error)[:300])
                return
