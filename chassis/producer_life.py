"""One producer from its start to its failure: records wait for their own partition, never for another (design 4.13).

    take ─▶ (until the topic's partitions are known) ─▶ lane of the partition ─▶ aiokafka's batches

aiokafka waits inside `send` while a partition's batch is full, which it is for as long as that partition has no leader:
so each partition has a lane, and only that lane waits. A producer that has failed is used no more, and all that it was
given and has not brought home fails with it: sent by the next producer, a part of it would overtake the rest.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from chassis.backoff import Backoff
from chassis.publish_errors import Position, PublishFailed, RecordTooLarge
from chassis.records import Outgoing
from chassis.traces.port import Span


@dataclass(slots=True, eq=False)
class Pending:
    """A record on its way, and who waits for it."""

    message: Outgoing
    future: asyncio.Future[Position]
    since: float
    span: Span | None = None

    @property
    def key(self) -> bytes | None:
        """Of the record, as it stands in the log."""
        key = self.message.key
        return key.encode() if isinstance(key, str) else key


Resolve = Callable[[Pending, Position | Exception], None]


class ProducerLife:
    """Takes records in order; `over` is set when the producer can go no further, and `error` says why."""

    def __init__(self, producer: AIOKafkaProducer, resolve: Resolve) -> None:
        self._producer = producer
        self._resolve = resolve
        self._unplaced: dict[str, list[Pending]] = {}
        self._lanes: dict[TopicPartition, deque[Pending]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused: list[Pending] = []
        self.over = asyncio.Event()
        self.error: BaseException | None = None

    def take(self, pending: Pending) -> None:
        """Send it after all that was taken before it for its partition."""
        topic = pending.message.topic
        if topic in self._unplaced:
            self._unplaced[topic].append(pending)
        elif not self._producer.client.cluster.partitions_for_topic(topic):
            self._unplaced[topic] = [pending]
            self._spawn(self._learn(topic))
        else:
            self._place(pending)

    async def end(self) -> None:
        """Send nothing more. What is not acknowledged stays unresolved, but for the record that was too large."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._refused:
            # Only one of a refused batch is surely too large; the others may be published again.
            largest = max(self._refused, key=lambda one: one.message.size)
            self._resolve(largest, RecordTooLarge(str(self.error)))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.error = self.error or error
        self.over.set()

    async def _learn(self, topic: str) -> None:
        """Ask for the topic's partitions; where nobody tells, those that wait for it fail, to be published again."""
        why = "nobody tells its partitions"
        try:
            await self._producer.client._wait_on_metadata(topic)
        except KafkaError as error:
            why = f"{type(error).__name__}: {error}"
        waiting, known = self._unplaced.pop(topic), self._producer.client.cluster.partitions_for_topic(topic)
        for pending in waiting:
            if known:
                self._place(pending)
            else:
                self._resolve(pending, PublishFailed(f"{topic}: {why}"))

    def _place(self, pending: Pending) -> None:
        message = pending.message
        number = self._producer._partition(message.topic, message.partition, None, None, pending.key, message.value)
        place = TopicPartition(message.topic, number)
        if place in self._lanes:
            self._lanes[place].append(pending)
        else:
            self._lanes[place] = deque([pending])
            self._spawn(self._run_lane(place))

    async def _run_lane(self, place: TopicPartition) -> None:
        lane, backoff = self._lanes[place], Backoff(first_s=0.1, most_s=1.0)
        while lane:
            try:
                await self._send(place, lane[0])
            except KafkaTimeoutError:
                # Its batch is full: its leader is away, and may come back.
                await backoff.wait()
            else:
                lane.popleft()
        del self._lanes[place]

    async def _send(self, place: TopicPartition, pending: Pending) -> None:
        message = pending.message
        if pending.key is None and message.value is None:
            self._resolve(pending, RecordTooLarge("neither key nor value"))
            return
        try:
            delivery = await self._producer.send(
                place.topic, message.value, key=pending.key, partition=place.partition, headers=list(message.headers)
            )
        except MessageSizeTooLargeError as error:
            self._resolve(pending, RecordTooLarge(str(error)))
        else:
            delivery.add_done_callback(lambda done: self._delivered(pending, done))

    def _delivered(self, pending: Pending, done: "asyncio.Future[Any]") -> None:
        if done.cancelled():
            self._fail(PublishFailed("the producer was closed"))
            return
        error = done.exception()
        if error is None:
            result = done.result()
            self._resolve(pending, Position(result.topic, result.partition, result.offset, result.timestamp))
            return
        if isinstance(error, MessageSizeTooLargeError):
            self._refused.append(pending)
        # A batch that failed leaves a gap in its partition's sequence: this producer can go no further.
        self._fail(error)
