"""Outcomes that no batch waits for (of catch-ups, typing and presence): published in the background, bounded.

Losing one is harmless: a connection that is gone is found gone again by the next worker.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from chassis import logs
from chassis.backoff import Backoff, is_retryable
from chassis.publisher import Publisher
from chassis.records import Outgoing
from services.fanout import metrics
from services.fanout.delivery import Delivery

PENDING_MOST = 20_000
BATCH = 200

_log = logs.get_logger(__name__)


class Reports:
    """Takes deliveries that are done, and publishes what they have to tell."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._pending: deque[Outgoing] = deque()
        self._work = asyncio.Event()

    def take(self, delivery: Delivery) -> None:
        """Publish what `delivery` tells."""
        self.add(delivery.reports)

    def add(self, messages: Sequence[Outgoing]) -> None:
        """Publish these, some time; never waits."""
        self._pending.extend(messages)
        while len(self._pending) > PENDING_MOST:
            self._pending.popleft()
            metrics.REPORTS_DROPPED.inc()
        metrics.REPORTS_PENDING.set(len(self._pending))
        if self._pending:
            self._work.set()

    async def run(self) -> None:
        """Publish until cancelled; an outage of Kafka is waited out."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._pending:
                batch = [self._pending.popleft() for _ in range(min(BATCH, len(self._pending)))]
                await self._publish(batch)
                metrics.REPORTS_PENDING.set(len(self._pending))

    async def _publish(self, batch: list[Outgoing]) -> None:
        backoff = Backoff()
        while True:
            try:
                await self._publisher.publish(batch)
            except Exception as error:
                if not is_retryable(error):
                    raise
                _log.warning("outcomes wait for Kafka", error=str(error)[:300])
                await backoff.wait()
            else:
                return
