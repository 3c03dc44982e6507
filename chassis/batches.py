"""One batch: handled, published, finished; repeated when something is away, halved when something in it is bad."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from chassis import metrics
from chassis.assignment import Assignment
from chassis.backoff import Backoff, is_retryable
from chassis.dead_letters import code_of, dead_letter
from chassis.health import Health
from chassis.holdings import Holdings
from chassis.logs import get_logger
from chassis.publisher import Publisher
from chassis.records import Outgoing, Record
from chassis.traces.receiving import Receiving

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handled:
    """What a handler wants done about a batch."""

    publish: Sequence[Outgoing] = ()
    """Acknowledged by Kafka before the lane goes on."""
    effects: Awaitable[Sequence[Outgoing]] | None = None
    """The lane goes on at once, but the batch is done only when this has resolved and what it gave is acknowledged.
    It must not raise: an error there ends the process, and the batch is read again."""
    taken: int | None = None
    """How many records from the head were handled; the rest goes back to the head of the lane. None: all."""


Handler = Callable[[Sequence[Record]], Awaitable[Handled]]
"""Takes one lane's batch: one partition, one key, ascending offsets. Called again with the same records after a
retryable error, a crash or a rebalance: its effects must be harmless twice."""
OnDeadLetter = Callable[[Record, Exception], Awaitable[Handled]]
"""Says what else to publish when a record is put aside, so that who sent it gets an answer."""


class Revoked(Exception):
    """The partition went while we were retrying: its next owner goes on."""


class BatchRunner:
    """Runs batches for a loop, and knows what they hold in memory."""

    def __init__(
        self,
        name: str,
        handler: Handler,
        publisher: Publisher,
        health: Health,
        on_dead_letter: OnDeadLetter | None,
        assignment: Assignment,
        on_wait: Callable[[int], None] = lambda _: None,
        receiving: Receiving | None = None,
    ) -> None:
        """`on_wait` is told 1 when a batch begins to wait for something of its own, and -1 when it goes on."""
        self._name = name
        self._handler = handler
        self._publisher = publisher
        self._health = health
        self._on_dead_letter = on_dead_letter
        self._assignment = assignment
        self._on_wait = on_wait
        self._receiving = receiving
        self._troubled: dict[TopicPartition, int] = {}
        self.held = Holdings(name)

    def hold(self, record: Record) -> None:
        """The record was read."""
        self.held.add(record, 1)

    def release(self, record: Record) -> None:
        """The record is no longer in memory."""
        self.held.add(record, -1)
        if self._receiving is not None:
            self._receiving.end(record, "REVOKED")

    def finish(self, batch: Sequence[Record]) -> None:
        """All of the batch is done."""
        for record in batch:
            self._assignment.finish(TopicPartition(record.topic, record.partition), record.offset)
            if self._receiving is not None:
                self._receiving.end(record)
            self.release(record)
            metrics.HANDLED.labels(record.topic).inc()

    def forget(self, batch: Sequence[Record]) -> None:
        """The batch is no longer ours."""
        for record in batch:
            self.release(record)

    async def finish_after(self, batch: Sequence[Record], effects: Awaitable[Sequence[Outgoing]]) -> None:
        """Finish the batch when its effects are complete and what they gave is acknowledged."""
        try:
            await self._publish(await effects, _partition_of(batch))
        except Revoked:
            self.forget(batch)
        else:
            self.finish(batch)

    async def run(self, batch: list[Record]) -> tuple[Handled, list[Record]]:
        """Handle and publish; returns what was asked for and the records that were not taken. Raises Revoked."""
        partition = _partition_of(batch)
        backoff = Backoff()
        received = self._received(batch)
        while True:
            try:
                handled = await self._handle(received)
            except Exception as error:  # noqa: BLE001 - what is not retryable ends as a dead letter, with its cause
                if not is_retryable(error):
                    return await self._part(batch, error)
                await self._pause(partition, error, backoff)
                continue
            self._well(partition)
            await self._publish(handled.publish, partition)
            taken = len(batch) if handled.taken is None else handled.taken
            return handled, batch[taken:]

    def _received(self, batch: list[Record]) -> list[Record]:
        """`batch` as the handler gets it."""
        return batch if self._receiving is None else self._receiving.begin(batch)

    async def _handle(self, batch: list[Record]) -> Handled:
        began = time.monotonic()
        handled = await self._handler(batch)
        metrics.HANDLE_SECONDS.labels(self._name).observe(time.monotonic() - began)
        metrics.BATCH_RECORDS.labels(self._name).observe(len(batch))
        return handled

    async def _part(self, batch: list[Record], error: Exception) -> tuple[Handled, list[Record]]:
        """Try the first half alone, down to one record; that one is put aside."""
        if len(batch) == 1:
            return await self._put_aside(batch[0], error), []
        half = len(batch) // 2
        handled, rest = await self.run(batch[:half])
        return handled, rest + batch[half:]

    async def _put_aside(self, record: Record, error: Exception) -> Handled:
        partition = TopicPartition(record.topic, record.partition)
        _log.error(
            "a record is put aside",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            code=code_of(error),
            error=f"{type(error).__name__}: {error}"[:500],
        )
        await self._publish([dead_letter(record, error)], partition)
        metrics.DEAD_LETTERS.labels(record.topic, code_of(error)).inc()
        handled = Handled()
        if self._on_dead_letter is not None:
            handled = await self._answer(self._received([record])[0], error, self._on_dead_letter)
            await self._publish(handled.publish, partition)
        if self._receiving is not None:
            self._receiving.end(record, code_of(error))
        return handled

    async def _answer(self, record: Record, error: Exception, answer: OnDeadLetter) -> Handled:
        backoff = Backoff()
        while True:
            try:
                return await answer(record, error)
            except Exception as second:  # noqa: BLE001 - the record itself is safe on chat.dead-letters
                if not is_retryable(second):
                    _log.error("a dead letter could not be answered", error=f"{type(second).__name__}: {second}"[:500])
                    return Handled()
                await self._pause(TopicPartition(record.topic, record.partition), second, backoff)

    async def _publish(self, messages: Sequence[Outgoing], partition: TopicPartition) -> None:
        backoff = Backoff()
        while messages:
            try:
                await self._publisher.publish(messages)
            except Exception as error:
                if not is_retryable(error):
                    raise
                await self._pause(partition, error, backoff)
            else:
                break
        self._well(partition)

    async def _pause(self, partition: TopicPartition, error: Exception, backoff: Backoff) -> None:
        self._require(partition)
        metrics.RETRIES.labels(self._name, code_of(error)).inc()
        self._troubled[partition] = self._troubled.get(partition, 0) + 1
        if self._troubled[partition] == 1:
            _log.warning("waiting for something that is away", partition=str(partition), error=str(error)[:300])
        self._health.set(f"{self._name} work", f"{code_of(error)}: {error}"[:300])
        # Where something is away, those that wait keep their places, so that few ask for it. Where one record waits for
        # newer code, the others need not.
        places = 1 if getattr(error, "of_one_record", False) else 0
        self._on_wait(places)
        try:
            await backoff.wait(None)
        finally:
            self._on_wait(-places)
        self._require(partition)

    def _require(self, partition: TopicPartition) -> None:
        if not self._assignment.may_retry(partition):
            self._well(partition)
            raise Revoked

    def _well(self, partition: TopicPartition) -> None:
        if self._troubled.pop(partition, None) is not None and not self._troubled:
            self._health.set(f"{self._name} work", None)


def _partition_of(batch: Sequence[Record]) -> TopicPartition:
    return TopicPartition(batch[0].topic, batch[0].partition)
