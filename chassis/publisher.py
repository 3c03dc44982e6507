"""The way into Kafka: one idempotent producer (acks=all) that is replaced when it has failed for good (design 4.13).

Order: what is enqueued first for a key stands first in its partition. A record whose future failed may still be in the
log ("unknown"): publish it again only if its readers drop duplicates. Memory is bounded by count and bytes.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from chassis import metrics
from chassis.backoff import Backoff
from chassis.logs import get_logger
from chassis.publish_errors import Overloaded, Position, PublishFailed, RecordTooLarge
from chassis.records import Outgoing
from chassis.settings import KafkaSettings
from contracts.limits import DEAD_LETTER_BYTES

__all__ = ["Overloaded", "Position", "PublishFailed", "Publisher", "RecordTooLarge"]

_log = get_logger(__name__)

BATCH_BYTES = 256 * 1024
REQUEST_TIMEOUT_MS = 10_000


@dataclass(slots=True)
class _Pending:
    message: Outgoing
    future: asyncio.Future[Position]
    since: float
    delivery: Any = None


class Publisher:
    """`async with Publisher(settings, name="gateway-1") as publisher`."""

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        name: str,
        max_records: int = 20_000,
        max_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self._settings = settings
        self._name = name
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._queue: deque[_Pending] = deque()
        self._unresolved: dict[int, _Pending] = {}
        self._refused: list[_Pending] = []
        self._bytes = 0
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._closing = False
        self._failed: BaseException | None = None
        self._producer: AIOKafkaProducer | None = None
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
        self._wake.set()
        waiting = [pending.future for pending in self._unresolved.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=limit_s)
        if self._pump_task is not None:
            self._pump_task.cancel()
            await asyncio.gather(self._pump_task, return_exceptions=True)
        self._fail_unresolved(PublishFailed("the process stopped before Kafka acknowledged"))
        await self._drop_producer()

    def enqueue(self, message: Outgoing) -> asyncio.Future[Position]:
        """Append `message`, in call order, without awaiting; the future resolves when all replicas have it.

        The future fails with PublishFailed or RecordTooLarge; raises Overloaded when the bounded buffer is full.
        """
        if self._closing:
            raise PublishFailed("the publisher is closed")
        if len(self._unresolved) >= self._max_records or self._bytes + message.size > self._max_bytes:
            raise Overloaded(f"{len(self._unresolved)} records wait for Kafka")
        future: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
        pending = _Pending(message, future, time.monotonic())
        self._unresolved[id(pending)] = pending
        self._bytes += message.size
        self._queue.append(pending)
        self._gauge()
        self._wake.set()
        return future

    async def publish(self, messages: Sequence[Outgoing]) -> list[Position]:
        """Publish all; returns when each is acknowledged. Raises the first failure after all have ended."""
        futures = [await self._enqueue_when_there_is_room(message) for message in messages]
        results = await asyncio.gather(*futures, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if not isinstance(result, BaseException)]

    @property
    def problem(self) -> str | None:
        """What keeps records from being acknowledged, for /readyz."""
        oldest = next(iter(self._unresolved.values()), None)
        if self._producer is None:
            return "Kafka cannot be reached"
        if oldest is not None and time.monotonic() - oldest.since > 5.0:
            return "Kafka does not acknowledge"
        return None

    async def _enqueue_when_there_is_room(self, message: Outgoing) -> asyncio.Future[Position]:
        while True:
            try:
                return self.enqueue(message)
            except Overloaded:
                if not self._unresolved:
                    raise RecordTooLarge(f"{message.size} bytes exceed the publisher's buffer") from None
                self._room.clear()
                await self._room.wait()

    async def _pump_on(self) -> None:
        """Pump for as long as we live: an error that nobody foresaw costs the producer, not the way into Kafka."""
        while True:
            try:
                await self._pump()
            except Exception as error:  # noqa: BLE001 - whoever waits is told to publish again
                _log.exception("the publisher failed and goes on")
                await self._give_up_producer(error)
                await Backoff(first_s=0.5).wait()

    async def _pump(self) -> None:
        backoff = Backoff(first_s=0.2)
        while True:
            if self._failed is not None:
                await self._give_up_producer(self._failed)
            if self._producer is None and not await self._connect(backoff):
                continue
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._send(self._queue.popleft())

    async def _connect(self, backoff: Backoff) -> bool:
        producer = AIOKafkaProducer(
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
        try:
            await producer.start()
        except (KafkaError, OSError) as error:
            _log.warning("Kafka cannot be reached, trying again", error=str(error))
            await _closed(producer)
            await backoff.wait()
            return False
        except asyncio.CancelledError:
            await _closed(producer)
            raise
        backoff.reset()
        self._producer = producer
        return True

    async def _send(self, pending: _Pending) -> None:
        message, producer = pending.message, self._producer
        if producer is None:
            self._queue.appendleft(pending)
            return
        key = message.key.encode() if isinstance(message.key, str) else message.key
        try:
            delivery = await producer.send(message.topic, message.value, key=key, headers=list(message.headers))
        except MessageSizeTooLargeError as error:
            self._resolve(pending, RecordTooLarge(str(error)))
        except AssertionError as error:
            self._resolve(pending, RecordTooLarge(f"neither key nor value: {error}"))
        except (KafkaError, OSError) as error:
            self._resolve(pending, PublishFailed(f"{type(error).__name__}: {error}"))
            if not getattr(error, "retriable", False):
                self._failed = error
        else:
            delivery.add_done_callback(lambda done: self._delivered(pending, done))

    def _delivered(self, pending: _Pending, done: "asyncio.Future[Any]") -> None:
        if done.cancelled():
            self._resolve(pending, PublishFailed("the producer was closed"))
            return
        error = done.exception()
        if error is None:
            result = done.result()
            self._resolve(pending, Position(result.topic, result.partition, result.offset, result.timestamp))
        elif isinstance(error, MessageSizeTooLargeError):
            # A batch that the broker refused leaves a gap in the sequence: this producer can go no further.
            self._failed = error
            self._refused.append(pending)
        else:
            self._failed = error
            self._resolve(pending, PublishFailed(f"{type(error).__name__}: {error}"))
        self._wake.set()

    def _resolve(self, pending: _Pending, outcome: Position | Exception) -> None:
        if self._unresolved.pop(id(pending), None) is None:
            return
        self._bytes -= pending.message.size
        self._room.set()
        self._gauge()
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

    async def _give_up_producer(self, error: BaseException) -> None:
        _log.error("the producer is replaced", error=f"{type(error).__name__}: {error}")
        metrics.PRODUCERS_REPLACED.inc()
        if self._refused:
            # Only one of a refused batch is surely too large; the others may be published again.
            self._resolve(max(self._refused, key=lambda one: one.message.size), RecordTooLarge(str(error)))
            self._refused.clear()
        self._fail_sent(PublishFailed(f"the producer was replaced after {type(error).__name__}"))
        self._failed = None
        await self._drop_producer()

    def _fail_sent(self, error: PublishFailed) -> None:
        queued = {id(pending) for pending in self._queue}
        for pending in [pending for key, pending in self._unresolved.items() if key not in queued]:
            self._resolve(pending, error)

    def _fail_unresolved(self, error: PublishFailed) -> None:
        self._queue.clear()
        for pending in list(self._unresolved.values()):
            self._resolve(pending, error)

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _closed(producer)


async def _closed(producer: AIOKafkaProducer) -> None:
    """Close without waiting for batches that the broker may never take."""
    try:
        async with asyncio.timeout(3.0):
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
