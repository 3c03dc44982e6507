"""The way into Kafka: one idempotent producer (acks=all) that is replaced when it has failed for good (design 4.13).

    enqueue ─▶ producer_life.py: a lane for each partition ─▶ Kafka ─▶ the future resolves

Order: what is enqueued first for a key stands first in its partition, for as long as nothing fails. When a producer
fails, all that is not acknowledged fails with it, and none of it is sent by the next one: so whoever publishes a list
again after a failure never finds a part of it overtaken. A record whose future failed may still be in the log
("unknown"): publish it again only if its readers drop duplicates. Memory is bounded by count and bytes.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis import metrics
from chassis.backoff import Backoff
from chassis.logs import get_logger
from chassis.producer_life import Pending, ProducerLife
from chassis.publish_errors import Overloaded, Position, PublishFailed, RecordTooLarge
from chassis.records import Outgoing
from chassis.settings import KafkaSettings
from chassis.traces.port import Traces
from chassis.traces.sending import acknowledged, sent
from contracts.limits import DEAD_LETTER_BYTES

__all__ = ["Overloaded", "Position", "PublishFailed", "Publisher", "RecordTooLarge"]

_log = get_logger(__name__)

BATCH_BYTES = 256 * 1024
REQUEST_TIMEOUT_MS = 10_000
CLOSE_LIMIT_S = 3.0


class Publisher:
    """`async with Publisher(settings, name="gateway-1") as publisher`."""

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        name: str,
        max_records: int = 20_000,
        max_bytes: int = 64 * 1024 * 1024,
        traces: Traces | None = None,
    ) -> None:
        self._settings = settings
        self._name = name
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._traces = traces
        self._queue: deque[Pending] = deque()
        """What was enqueued while there is no producer."""
        self._unresolved: dict[int, Pending] = {}
        self._bytes = 0
        self._room = asyncio.Event()
        self._closing = False
        self._life: ProducerLife | None = None
        self._producer: AIOKafkaProducer | None = None
        self._starting: asyncio.Task[None] | None = None
        self._closings: set[asyncio.Task[None]] = set()
        self._pump_task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start; returns at once: a broker that is away is waited for in the background."""
        self._pump_task = asyncio.create_task(self._pump_on(), name=f"publisher {self._name}")

    async def stop(self, limit_s: float = 10.0) -> None:
        """Wait until all is acknowledged, `limit_s` at most; what is not then fails with PublishFailed."""
        self._closing = True
        waiting = [pending.future for pending in self._unresolved.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=limit_s)
        if self._pump_task is not None:
            self._pump_task.cancel()
            await asyncio.gather(self._pump_task, return_exceptions=True)
        await self._end_life(PublishFailed("the process stopped before Kafka acknowledged"))
        await asyncio.gather(*self._closings)

    def enqueue(self, message: Outgoing) -> asyncio.Future[Position]:
        """Append `message`, in call order, without awaiting; the future resolves when all replicas have it.

        The future fails with PublishFailed or RecordTooLarge; raises Overloaded when the bounded buffer is full.
        """
        if self._closing:
            raise PublishFailed("the publisher is closed")
        if len(self._unresolved) >= self._max_records or self._bytes + message.size > self._max_bytes:
            raise Overloaded(f"{len(self._unresolved)} records wait for Kafka")
        future: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
        span = None
        if self._traces is not None:
            message, span = sent(self._traces, message)
        pending = Pending(message, future, time.monotonic(), span)
        self._unresolved[id(pending)] = pending
        self._bytes += message.size
        self._gauge()
        if self._life is None:
            self._queue.append(pending)
        else:
            self._life.take(pending)
        return future

    async def publish(self, messages: Sequence[Outgoing]) -> list[Position]:
        """Publish all; returns when each is acknowledged. Raises the first failure after all have ended.

        Nothing of `messages` is enqueued after one of them has failed: published again, none overtakes another.
        """
        futures: list[asyncio.Future[Position]] = []
        for message in messages:
            await self._wait_for_room(message)
            if any(_has_failed(future) for future in futures):
                break
            futures.append(self.enqueue(message))
        results = await asyncio.gather(*futures, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if not isinstance(result, BaseException)]

    @property
    def problem(self) -> str | None:
        """What keeps records from being acknowledged, for /readyz."""
        oldest = next(iter(self._unresolved.values()), None)
        if self._life is None:
            return "Kafka cannot be reached"
        if oldest is not None and time.monotonic() - oldest.since > 5.0:
            return "Kafka does not acknowledge"
        return None

    async def _wait_for_room(self, message: Outgoing) -> None:
        while len(self._unresolved) >= self._max_records or self._bytes + message.size > self._max_bytes:
            if not self._unresolved:
                raise RecordTooLarge(f"{message.size} bytes exceed the publisher's buffer")
            self._room.clear()
            await self._room.wait()

    async def _pump_on(self) -> None:
        """One producer after the other, for as long as we live; an error that nobody foresaw costs one of them."""
        backoff = Backoff(first_s=0.2)
        while True:
            try:
                await self._live(backoff)
            except Exception as error:  # noqa: BLE001 - whoever waits is told to publish again
                _log.exception("the publisher failed and goes on")
                await self._end_life(PublishFailed(f"the publisher failed: {type(error).__name__}"))
                await backoff.wait()

    async def _live(self, backoff: Backoff) -> None:
        """From the start of a producer to its failure."""
        self._producer = producer = self._new_producer()
        self._starting = starting = asyncio.create_task(producer.start())
        try:
            # A connection that is cut off while it is made is closed by nobody: `_closed` lets it end first.
            await asyncio.shield(starting)
        except (KafkaError, OSError) as error:
            _log.warning("Kafka cannot be reached, trying again", error=str(error))
            await self._drop_producer()
            await backoff.wait()
            return
        backoff.reset()
        self._life = life = ProducerLife(producer, self._resolve)
        while self._queue:
            life.take(self._queue.popleft())
        await life.over.wait()
        _log.error("the producer is replaced", error=f"{type(life.error).__name__}: {life.error}")
        metrics.PRODUCERS_REPLACED.inc()
        await self._end_life(PublishFailed(f"the producer was replaced after {type(life.error).__name__}"))

    def _new_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            **self._settings.aiokafka(),
            client_id=self._name,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=DEAD_LETTER_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            metadata_max_age_ms=60_000,
        )

    def _resolve(self, pending: Pending, outcome: Position | Exception) -> None:
        if self._unresolved.pop(id(pending), None) is None:
            return
        self._bytes -= pending.message.size
        self._room.set()
        self._gauge()
        if pending.span is not None:
            acknowledged(pending.span, outcome)
        if pending.future.done():
            return
        if isinstance(outcome, Position):
            metrics.PUBLISHED.labels(outcome.topic).inc()
            metrics.PUBLISH_SECONDS.observe(time.monotonic() - pending.since)
            pending.future.set_result(outcome)
        else:
            pending.future.set_exception(outcome)
            # Whoever asked may have gone (a closed connection); that is no news for the log.
            pending.future.exception()

    def _gauge(self) -> None:
        metrics.PUBLISH_PENDING.set(len(self._unresolved))
        metrics.PUBLISH_PENDING_BYTES.set(self._bytes)

    async def _end_life(self, error: PublishFailed) -> None:
        """All that is not acknowledged fails; the producer's connections are closed.

        From here on what is enqueued waits for the next producer, and only what came before fails.
        """
        life, self._life = self._life, None
        doomed = list(self._unresolved.values())
        self._queue.clear()
        if life is not None:
            await life.end()
        for pending in doomed:
            self._resolve(pending, error)
        await self._drop_producer()

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        starting, self._starting = self._starting, None
        if producer is None or starting is None:
            return
        # A task of its own, so that its connections are closed also when we stop just now.
        closing = asyncio.create_task(_closed(producer, starting))
        self._closings.add(closing)
        closing.add_done_callback(self._closings.discard)
        await asyncio.shield(closing)


def _has_failed(future: "asyncio.Future[Position]") -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)


async def _closed(producer: AIOKafkaProducer, starting: "asyncio.Task[None]") -> None:
    """Close without waiting for batches that the broker may never take."""
    if not starting.done():
        await asyncio.wait({starting}, timeout=CLOSE_LIMIT_S)
        starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await producer.stop()
    except (TimeoutError, KafkaError, OSError) as error:
        _log.warning("the producer did not close cleanly", error=f"{type(error).__name__}: {error}")
        # It was cut off while it flushed: its sender would go on, and send these batches when the broker is back.
        with suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(1.0):
                await _abandoned(producer)


async def _abandoned(producer: AIOKafkaProducer) -> None:
    if producer._sender is not None:
        await producer._sender.close()
    await producer.client.close()
