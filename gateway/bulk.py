"""The bulk push: many pushes in order, for one life of one gateway, in one request (spec 6).

A request that is sent again, because its answer was lost, is answered from memory: a client never sees its pushes twice
for that. The memory is of one epoch; another epoch is answered 421, and tells nothing of connections.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import DecodeError

from chassis.traces.port import Traces
from contracts.connection_api import (
    INVALID_BODY,
    MISDIRECTED,
    ApiError,
    Push,
    PushAnswer,
    PushRequest,
    decode_push_request,
    encode_bulk,
)
from contracts.ids import is_connection_id
from gateway import metrics
from gateway.deliver import Deliverer, Missed
from gateway.endings import Endings
from gateway.registry import Registry
from gateway.tracing import writing, written

WORKERS_REMEMBERED: Final = 256
_COPIES_A_TURN: Final = 2_000
_NOTHING: Final = encode_bulk(PushAnswer())
_Stretch = tuple[tuple[str, ...], list[bytes]]
"""Connections, and payloads for all of them."""


@dataclass(slots=True)
class _Worker:
    epoch: str
    number: int = -1
    answer: bytes = _NOTHING
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


class BulkPush:
    """Requests of one worker are handled one after another, those of several side by side."""

    def __init__(
        self,
        *,
        gateway_id: str,
        epoch: Callable[[], str],
        registry: Registry,
        endings: Endings,
        deliverer: Deliverer,
        traces: Traces | None = None,
    ) -> None:
        self._gateway_id = gateway_id
        self._epoch = epoch
        self._registry = registry
        self._endings = endings
        self._deliverer = deliverer
        self._traces = traces
        self._workers: OrderedDict[str, _Worker] = OrderedDict()

    async def handle(self, body: bytes, traceparent: bytes | None = None) -> bytes | ApiError:
        """The encoded PushAnswer, or why nothing was pushed. `traceparent`: of a call that is recorded."""
        try:
            request = decode_push_request(body)
            for push in request.pushes:
                str(push.payload, "utf-8")
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return INVALID_BODY
        stretches = list(_together(request.pushes))
        if not self._names_connections(stretches):
            return INVALID_BODY
        if request.gateway_id != self._gateway_id or request.epoch != self._epoch():
            return MISDIRECTED
        worker = self._worker(request)
        async with worker.busy:
            if request.number <= worker.number:
                metrics.BULK_REPEATED.inc()
                # Of an older one nobody waits for the answer any more.
                return worker.answer if request.number == worker.number else _NOTHING
            missed = await self._traced(request, stretches, traceparent)
            answer = encode_bulk(PushAnswer(gone=tuple(missed.gone), slow=tuple(missed.slow)))
            worker.number, worker.answer = request.number, answer
            return answer

    def _names_connections(self, stretches: Iterable[_Stretch]) -> bool:
        # An id that is in the registry was made here; only the others need a look at their shape.
        unknown = (self._registry.unknown(connection_ids) for connection_ids, _ in stretches)
        return all(is_connection_id(name) for names in unknown for name in names)

    def _worker(self, request: PushRequest) -> _Worker:
        worker = self._workers.get(request.worker_id)
        if worker is None or worker.epoch != request.epoch:
            worker = self._workers[request.worker_id] = _Worker(request.epoch)
        self._workers.move_to_end(request.worker_id)
        if len(self._workers) > WORKERS_REMEMBERED:
            self._workers.popitem(last=False)
        return worker

    async def _traced(self, request: PushRequest, stretches: Sequence[_Stretch], traceparent: bytes | None) -> Missed:
        span = None
        if self._traces is not None and traceparent is not None:
            copies = sum(len(push.connection_ids) for push in request.pushes)
            span = writing(self._traces, traceparent, pushes=len(request.pushes), connections=copies)
        missed = await self._push(request, stretches)
        if span is not None:
            written(span, gone=len(missed.gone), slow=len(missed.slow))
        return missed

    async def _push(self, request: PushRequest, stretches: Iterable[_Stretch]) -> Missed:
        self._close(request.close)
        gone: dict[str, None] = {}
        slow: dict[str, None] = {}
        copies, accepted = 0, [push.accepted_ms for push in request.pushes if push.accepted_ms]
        for connection_ids, payloads in stretches:
            missed = self._deliverer.push_all(payloads, connection_ids)
            gone.update(dict.fromkeys(missed.gone))
            slow.update(dict.fromkeys(missed.slow))
            copies += len(payloads) * len(connection_ids)
            if copies >= _COPIES_A_TURN:
                # Nobody's frames wait for the end of a large request.
                copies = 0
                await asyncio.sleep(0)
        if accepted:
            # Outboxes are written at the end of this turn: what is called after that sees it done.
            asyncio.get_running_loop().call_soon(_measure, accepted)
        # A connection that fell behind within this request is gone for the pushes after that.
        return Missed(gone=[name for name in gone if name not in slow], slow=list(slow))

    def _close(self, connection_ids: tuple[str, ...]) -> None:
        for connection_id in connection_ids:
            connection = self._registry.get(connection_id)
            if connection is not None:
                self._deliverer.fall_behind(connection, "dropped_by_fanout")


def _together(pushes: Iterable[Push]) -> Iterator[_Stretch]:
    """Pushes in a row for the same connections, a busy room's, as one; no more in one than go in a turn."""
    to: tuple[str, ...] = ()
    payloads: list[bytes] = []
    for push in pushes:
        if payloads and (push.connection_ids != to or (len(payloads) + 1) * len(to) > _COPIES_A_TURN):
            yield to, payloads
            payloads = []
        to = push.connection_ids
        payloads.append(push.payload)
    if payloads:
        yield to, payloads


def _measure(accepted: Sequence[int]) -> None:
    now_ms = time.time() * 1000
    for accepted_ms in accepted:
        # Another machine's clock may be ahead of ours.
        metrics.DELIVERY_SECONDS.observe(max(0.0, now_ms - accepted_ms) / 1000)
