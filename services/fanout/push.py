"""The road to one epoch of one gateway: one request under way, what queues up meanwhile is the next one (spec 6).

push() ─▶ queue ─▶ request n ─▶ answer ─▶ deliveries settled, the gone retired
                      └─ none: the same request again, with backoff
                      └─ none for 30 s, or the queue is full: dropped; the connections concerned are marked, and the
                         next request that gets through closes them (4408) before it pushes anything; chat.controls
                         says the same, for the case that this process is gone by then
                      └─ the epoch is over: nobody is there any more
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from chassis.backoff import Backoff
from chassis.logs import get_logger
from chassis.records import Outgoing
from chassis.traces.port import Span, Traces
from contracts.connection_api import PushAnswer, PushRequest, encode_bulk
from services.fanout import metrics, outcomes, tracing
from services.fanout.gateway_queue import Cargo, GatewayQueue, Item, QueueLimits
from services.fanout.gateways import Gateways
from services.fanout.locations import Place
from services.fanout.outcomes import Outcome
from services.fanout.push_client import EpochOver, NoAnswer, PushPort, PushRefused
from services.fanout.route import EpochKey

_log = get_logger(__name__)


class Pusher:
    """Owns the queue of one epoch; `run` is its only sender, so the order is kept."""

    def __init__(
        self,
        key: EpochKey,
        *,
        worker_id: str,
        gateways: Gateways,
        client: PushPort,
        limits: QueueLimits,
        away_s: float,
        forget: Callable[[str], Place | None],
        report: Callable[[Sequence[Outgoing]], None],
        catch_up: Callable[[], Awaitable[None]],
        traces: Traces | None = None,
    ) -> None:
        """`forget` and `report` as in outcomes.py; `catch_up` returns when all leases of now have been read."""
        self._key = key
        self._worker_id = worker_id
        self._gateways = gateways
        self._client = client
        self._away_s = away_s
        self._forget = forget
        self._report = report
        self._catch_up = catch_up
        self._traces = traces
        self._queue = GatewayQueue(limits)
        self._work = asyncio.Event()
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._cargo: Cargo | None = None
        self._number = 0
        self._over = False
        self._silent_since: float | None = None
        self._backoff = Backoff(first_s=0.05, most_s=1.0)

    async def drained(self) -> None:
        """Return when nothing waits and nothing is under way."""
        await self._idle.wait()

    @property
    def _away(self) -> bool:
        return self._silent_since is not None and time.monotonic() - self._silent_since >= self._away_s

    def push(self, item: Item) -> None:
        """Queue `item` behind all that was queued before; where that cannot be, drop and mark."""
        if self._away:
            self._give_up([item])
        elif not self._queue.add(item):
            _log.warning("a push queue is full", gateway=self._key.gateway_id, epoch=self._key.epoch)
            self._give_up([*self._queue.drop(), item])
        self._gauge()
        self._wake()

    def close(self, connection_id: str) -> None:
        """Have the gateway close the connection (4408) with the next request."""
        self._queue.mark([connection_id])
        self._wake()

    def drop_abandoned(self) -> None:
        """Forget what was queued for partitions that have gone."""
        self._queue.drop_abandoned()
        self._gauge()

    def changed(self) -> None:
        """Its address may be known now: try without waiting longer."""
        self._changed.set()

    def end(self) -> None:
        """The epoch is over: all that was to go there is settled. The caller cancels `run`."""
        under_way = self._cargo.items if self._cargo is not None else ()
        self._cargo = None
        outcomes.lost([*under_way, *self._queue.drop()])
        self._queue.take()
        self._over = True
        metrics.forget(self._key.gateway_id)

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._queue:
                self._cargo = self._queue.take()
                self._number += 1
                await self._deliver(self._cargo)
                self._cargo = None
                self._gauge()
            self._idle.set()

    def _wake(self) -> None:
        self._idle.clear()
        self._work.set()

    async def _deliver(self, cargo: Cargo) -> None:
        body = self._request(cargo)
        # An abandoned cargo is not repeated: its partition's next owner pushes it now.
        while cargo.needed and self._cargo is cargo:
            try:
                answer = await self._attempt(body, cargo)
            except EpochOver:
                self._gateways.end(self._key)
                return
            except PushRefused as error:
                _log.error("a gateway refuses a request", gateway=self._key.gateway_id, error=str(error))
                self._queue.mark(cargo.close)
                self._give_up(cargo.items)
                await self._pause()
                return
            except NoAnswer as error:
                if self._missed(error):
                    self._drop(cargo)
                    await self._end_if_unknown()
                    await self._pause()
                    return
                await self._pause()
            else:
                self._answered(cargo, answer)
                return

    def _request(self, cargo: Cargo) -> bytes:
        metrics.REQUEST_PUSHES.observe(len(cargo.items))
        return encode_bulk(
            PushRequest(
                gateway_id=self._key.gateway_id,
                epoch=self._key.epoch,
                worker_id=self._worker_id,
                number=self._number,
                close=cargo.close,
                pushes=tuple(item.push for item in cargo.items),
            )
        )

    async def _attempt(self, body: bytes, cargo: Cargo) -> PushAnswer:
        address = self._gateways.address(self._key)
        if address is None:
            raise NoAnswer("its lease has not been read yet")
        span = None
        if self._traces is not None:
            span = tracing.requested(self._traces, address, (item.span for item in cargo.items))
        began = time.monotonic()
        answer = await self._client.push(address, body) if span is None else await self._traced(address, body, span)
        metrics.REQUEST_SECONDS.observe(time.monotonic() - began)
        return answer

    async def _traced(self, address: str, body: bytes, span: Span) -> PushAnswer:
        error: str | None = "CANCELLED"
        try:
            answer = await self._client.push(address, body, span.traceparent)
            error = None
        except (NoAnswer, EpochOver, PushRefused) as failed:
            error = failed.code
            raise
        finally:
            span.end(error)
        return answer

    def _missed(self, error: NoAnswer) -> bool:
        """Count the silence; True once it has lasted too long."""
        metrics.REQUESTS.labels(self._key.gateway_id, "none").inc()
        if self._silent_since is None:
            self._silent_since = time.monotonic()
            _log.warning("a gateway does not answer", gateway=self._key.gateway_id, error=str(error)[:300])
        return self._away

    def _drop(self, cargo: Cargo) -> None:
        metrics.AWAY.labels(self._key.gateway_id).set(1)
        self._queue.mark(cargo.close)
        self._give_up([*cargo.items, *self._queue.drop()])

    async def _end_if_unknown(self) -> None:
        """An epoch without a lease in all of chat.gateways has ended: the topic is compacted, and nobody will tell."""
        if self._gateways.address(self._key) is not None:
            return
        try:
            await self._catch_up()
        except TimeoutError:
            return
        if self._gateways.address(self._key) is None:
            _log.warning("an epoch is unknown to the log", gateway=self._key.gateway_id, epoch=self._key.epoch)
            self._gateways.end(self._key)

    def _answered(self, cargo: Cargo, answer: PushAnswer) -> None:
        metrics.AWAY.labels(self._key.gateway_id).set(0)
        if self._silent_since is not None:
            _log.info("a gateway answers again", gateway=self._key.gateway_id)
        self._silent_since = None
        self._backoff.reset()
        metrics.REQUESTS.labels(self._key.gateway_id, "answered").inc()
        count = sum(len(item.connection_ids) for item in cargo.items)
        metrics.DELIVERED.labels("handed over").inc(max(0, count - len(answer.gone) - len(answer.slow)))
        metrics.DELIVERED.labels("gone").inc(len(answer.gone))
        metrics.DELIVERED.labels("slow").inc(len(answer.slow))
        self._settle(cargo.items, gone=frozenset(answer.gone), slow=frozenset(answer.slow))

    def _give_up(self, items: Sequence[Item]) -> None:
        dropped = {connection_id for item in items if item.durable for connection_id in item.connection_ids}
        self._queue.mark(sorted(dropped))
        metrics.DELIVERED.labels("dropped").inc(sum(len(item.connection_ids) for item in items))
        self._settle(items, dropped=frozenset(dropped))

    def _settle(self, items: Sequence[Item], **what: frozenset[str]) -> None:
        outcome = Outcome(epoch=self._key, at=outcomes.now(), **what)
        if left := outcomes.settle(items, outcome, self._forget):
            self._report(left)

    async def _pause(self) -> None:
        self._changed.clear()
        await self._backoff.wait(self._changed)

    def _gauge(self) -> None:
        if self._over:
            return
        name = self._key.gateway_id
        metrics.QUEUED.labels(name).set(len(self._queue))
        metrics.QUEUED_BYTES.labels(name).set(self._queue.bytes)
        metrics.MARKED.labels(name).set(self._queue.marked)
