"""Taking partitions over and letting them go: the hooks of the run loop (spec 9 and 11)."""

import asyncio
from collections.abc import Callable, Iterable

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from chassis.logs import get_logger
from chassis.records import Headers
from contracts.topics import ROOMS, SIGNALS
from services.fanout.delivery import Delivery
from services.fanout.dispatch import Dispatch
from services.fanout.log_peek import LogUnreadable
from services.fanout.partition import Partition
from services.fanout.takeover import PeekPort, plan
from services.fanout.window import Window

_log = get_logger(__name__)

WindowOf = Callable[[int], Window]
"""A window that reaches back to a broker time."""


class Holdings:
    """Which partitions are held, and what is under way for each."""

    def __init__(
        self,
        *,
        dispatch: Dispatch,
        peek: PeekPort,
        window_of: WindowOf,
        window_ms: int,
        release_s: float,
        drop_abandoned: Callable[[], None],
    ) -> None:
        self._dispatch = dispatch
        self._peek = peek
        self._window_of = window_of
        self._window_ms = window_ms
        self._release_s = release_s
        self._drop_abandoned = drop_abandoned
        self._under_way: set[Delivery] = set()
        self._signals_from: dict[int, int] = {}

    def deliver(self, partition: int, headers: Headers) -> Delivery:
        """A delivery for one batch of a partition."""
        delivery = Delivery(partition, headers=headers, on_done=self._under_way.discard)
        self._under_way.add(delivery)
        return delivery

    def signals_from(self, partition: int) -> int:
        """Signals below were given before we came: nobody types there any more."""
        return self._signals_from.get(partition, 0)

    async def assigned(self, partitions: frozenset[TopicPartition]) -> None:
        """Forget partitions that did not come back."""
        kept = {partition.partition for partition in partitions if partition.topic == ROOMS.name}
        for number in set(self._dispatch.partitions) - kept:
            self._dispatch.drop(number)

    async def start_at(self, partition: TopicPartition, committed: int | None) -> int | None:
        """Where to read from; None: at the committed offset. Raises retryable errors only."""
        try:
            if partition.topic == SIGNALS.name:
                self._signals_from[partition.partition] = (await self._peek.range(partition))[1]
                return None
            return await self._take_over(partition, committed)
        except (KafkaError, OSError) as error:
            raise LogUnreadable(f"{type(error).__name__}: {error}") from None

    async def _take_over(self, partition: TopicPartition, committed: int | None) -> int:
        number = partition.partition
        held = self._dispatch.partitions.get(number)
        if held is not None and committed is not None and held.stands_at(committed):
            return committed
        takeover = await plan(partition, committed, self._peek, self._window_ms)
        _log.info("a partition is taken over", partition=number, start=takeover.start, committed=takeover.committed)
        self._dispatch.take_over(Partition(number, takeover, self._window_of(takeover.reaches_ms)))
        return takeover.start

    async def revoked(self, partitions: frozenset[TopicPartition]) -> None:
        """Wait a moment for what is under way; the rest is dropped here, and routed again by the next owner."""
        numbers = {partition.partition for partition in partitions if partition.topic == ROOMS.name}
        waited_for = [delivery for delivery in self._all() if delivery.partition in numbers]
        if not waited_for:
            return
        ends = [asyncio.create_task(delivery.end()) for delivery in waited_for]
        await asyncio.wait(ends, timeout=self._release_s)
        for delivery in waited_for:
            if not delivery.done:
                delivery.abandon()
                # If it comes back, it is taken over anew: what was dropped may have been owed out of the window.
                self._dispatch.drop(delivery.partition)
        self._drop_abandoned()
        await asyncio.gather(*ends)

    def _all(self) -> Iterable[Delivery]:
        yield from self._under_way
        for partition in self._dispatch.partitions.values():
            yield from partition.catch_ups
