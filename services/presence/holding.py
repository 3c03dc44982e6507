"""The partitions that the group has given to this worker: each worked on by itself, all loaded and let go together.

Offsets are told from here (`due`), never by Faust: below them every effect is in the table and on chat.presence.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from aiokafka import TopicPartition

from chassis.logs import get_logger
from chassis.records import Record
from chassis.tail import Tail
from contracts.presence import PresenceChanged
from contracts.topics import PRESENCE
from services.presence import metrics
from services.presence.partition import Partition
from services.presence.parts import Parts
from services.presence.state import state_of

_log = get_logger(__name__)

PART = "presence state"
MOST_WAITING = 5_000
MOST_WAITING_BYTES = 32 * 1024 * 1024
LET_GO_S = 20.0
CATCH_UP_S = 10.0


class Holding:
    """Partitions from their assignment to their revocation; every rebalance lets go of all and begins anew."""

    def __init__(self, parts: Parts, on_failure: Callable[[BaseException], None]) -> None:
        self._parts = parts
        self._on_failure = on_failure
        self._partitions: dict[int, Partition] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._tail: Tail | None = None
        self._generation: object = None
        self._told: dict[int, int] = {}
        self._room = asyncio.Event()

    @property
    def numbers(self) -> frozenset[int]:
        """Which partitions are held."""
        return frozenset(self._partitions)

    async def assigned(self, numbers: frozenset[int], generation: object) -> None:
        """Take these over; returns at once, the work goes on in the background."""
        await self.let_go()
        self._generation = generation
        self._partitions = {
            number: Partition(number, self._parts, self._caught_up, self._room.set) for number in sorted(numbers)
        }
        if numbers:
            self._tail = self._follow(numbers)
            self._spawn(self._tail.run(), "presence state")
        for number, partition in self._partitions.items():
            self._spawn(partition.run(), f"partition {number}")

    async def take(self, record: Record, generation: object) -> None:
        """Queue an event, once there is room; one of another generation is not ours and is read again by its owner."""
        while self._is_full() and generation == self._generation:
            self._room.clear()
            await self._room.wait()
        partition = self._partitions.get(record.partition)
        if partition is not None and generation == self._generation:
            partition.add(record)

    async def let_go(self, limit_s: float = LET_GO_S) -> dict[int, int]:
        """End what was begun and begin nothing new; returns the offsets to commit.

        What has not ended after `limit_s` is abandoned: its records are read again, and the fence sees to the rest.
        """
        self._generation = None
        self._room.set()
        for partition in self._partitions.values():
            partition.close()
        await self._end_tasks(limit_s)
        due = self.due()
        self._partitions, self._told, self._tail = {}, {}, None
        self._parts.health.set(PART, None)
        self.count()
        return due

    def due(self) -> dict[int, int]:
        """Offsets of partitions that are further than was told as committed."""
        return {
            number: partition.done
            for number, partition in self._partitions.items()
            if partition.done is not None and partition.done > self._told.get(number, -1)
        }

    def committed(self, offsets: dict[int, int]) -> None:
        """These are committed."""
        self._told.update(offsets)

    def wake(self) -> None:
        """An epoch has ended."""
        for partition in self._partitions.values():
            partition.wake()

    def count(self) -> None:
        """Tell metrics who is here."""
        metrics.USERS_ONLINE.set(sum(partition.users.online for partition in self._partitions.values()))
        metrics.CONNECTIONS.set(sum(partition.users.connections for partition in self._partitions.values()))
        metrics.RECORDS_IN_MEMORY.set(sum(partition.waiting for partition in self._partitions.values()))
        metrics.OLDEST_SECONDS.set(self._oldest_s(time.time()))

    def count_lag(self, ends: Mapping[int, int]) -> None:
        """Tell metrics how far we are behind the ends of the partitions held."""
        read = {number: partition.next_offset for number, partition in self._partitions.items()}
        behind = (ends[number] - offset for number, offset in read.items() if offset is not None and number in ends)
        metrics.LAG.set(sum(max(0, records) for records in behind))

    def _oldest_s(self, now_s: float) -> float:
        times = [partition.oldest_ms for partition in self._partitions.values() if partition.oldest_ms is not None]
        return max(0.0, now_s - min(times) / 1000) if times else 0.0

    def _is_full(self) -> bool:
        waiting = sum(partition.waiting for partition in self._partitions.values())
        held = sum(partition.waiting_bytes for partition in self._partitions.values())
        return waiting >= MOST_WAITING or held >= MOST_WAITING_BYTES

    def _follow(self, numbers: frozenset[int]) -> Tail:
        def wanted(partition: TopicPartition) -> bool:
            return partition.partition in numbers

        return Tail(
            name=PART,
            settings=self._parts.settings,
            topics=[PRESENCE.name],
            on_record=self._observe,
            health=self._parts.health,
            partitions=wanted,
        )

    def _observe(self, record: Record) -> None:
        event = PRESENCE.decode(record.value)
        partition = self._partitions.get(record.partition)
        if partition is None or not isinstance(event, PresenceChanged):
            return
        partition.users.observed(state_of(event), record.offset)
        if partition.users.overwritten:
            partition.wake()

    async def _caught_up(self) -> None:
        tail = self._tail
        if tail is None:
            raise TimeoutError("the partition is being let go")
        await tail.wait_ready()
        await tail.catch_up(CATCH_UP_S)

    def _spawn(self, work: "asyncio._CoroutineLike[None]", name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._on_failure(error)

    async def _end_tasks(self, limit_s: float) -> None:
        tasks, self._tasks = self._tasks, []
        working = [task for task in tasks if task.get_name() != PART]
        if working:
            await asyncio.wait(working, timeout=limit_s)
        for task in tasks:
            if not task.done() and task.get_name() != PART:
                _log.warning("work was abandoned", task=task.get_name())
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
