"""`disconnected` events on their way into the log: each is tried until Kafka has it (spec 4).

If the process dies with some of them unacknowledged, its lease lapses and presence retires the connections.
"""

import asyncio
from typing import Protocol

from chassis.backoff import Backoff
from chassis.logs import get_logger
from chassis.publisher import Overloaded, Position, PublishFailed
from chassis.records import Outgoing
from chassis.tasks import happens_within
from gateway import metrics

_log = get_logger(__name__)


class Enqueues(Protocol):
    """The part of the publisher that is needed here."""

    def enqueue(self, message: Outgoing) -> "asyncio.Future[Position]":
        """Append without awaiting; the future resolves when Kafka has it."""


class Departures:
    """At most one record for each connection that there ever was here, so its size is bounded by theirs."""

    def __init__(self, publisher: Enqueues, *, backoff: Backoff | None = None) -> None:
        self._publisher = publisher
        self._backoff = backoff or Backoff(first_s=0.2)
        self._unacknowledged: set[int] = set()
        self._again: list[Outgoing] = []
        self._failed = asyncio.Event()
        self._all_acknowledged = asyncio.Event()
        self._all_acknowledged.set()

    def __len__(self) -> int:
        return len(self._unacknowledged)

    def add(self, message: Outgoing) -> None:
        """Publish `message`, again and again if need be; returns at once."""
        self._unacknowledged.add(id(message))
        self._all_acknowledged.clear()
        self._try(message)

    async def run(self) -> None:
        """Try again what failed, until cancelled."""
        while True:
            await self._failed.wait()
            await self._backoff.wait()
            self._failed.clear()
            again, self._again = self._again, []
            for message in again:
                self._try(message)

    async def wait_acknowledged(self, limit_s: float) -> bool:
        """Whether all is in the log, after waiting `limit_s` at most."""
        return await happens_within(self._all_acknowledged, limit_s)

    def _try(self, message: Outgoing) -> None:
        try:
            future = self._publisher.enqueue(message)
        except (Overloaded, PublishFailed):
            self._later(message)
            return
        future.add_done_callback(lambda done: self._done(message, done))

    def _done(self, message: Outgoing, done: "asyncio.Future[Position]") -> None:
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or (error is not None and getattr(error, "retryable", False)):
            self._later(message)
            return
        if error is not None:
            _log.error("a disconnected event cannot be written", error=f"{type(error).__name__}: {error}")
        else:
            self._backoff.reset()
        self._unacknowledged.discard(id(message))
        if not self._unacknowledged:
            self._all_acknowledged.set()

    def _later(self, message: Outgoing) -> None:
        metrics.DEPARTURES_RETRIED.inc()
        self._again.append(message)
        self._failed.set()
