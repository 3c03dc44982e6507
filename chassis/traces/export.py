"""From ended spans to the collector: a bounded queue, a thread of its own, and an end that is not waited for long.

    end of a span ─▶ Export (drops when the queue is full) ─▶ batches, in a thread ─▶ Counted ─▶ OTLP over HTTP

A collector that is away, slow or lost costs spans, which are counted, and nothing else: no process waits for it.
"""

import asyncio
import logging
from collections.abc import Sequence
from threading import Thread
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from chassis import metrics
from chassis.logs import get_logger
from chassis.tasks import happens_within

_log = get_logger(__name__)

PATH: Final = "/v1/traces"
"""OTLP over HTTP has each signal under its own (opentelemetry.io: OTLP specification)."""
TIMEOUT_S: Final = 5.0
"""One request, with its repetitions."""
INTERVAL_MS: Final = 1_000
BATCH: Final = 512
CLOSE_S: Final = 2.0


class Counted(SpanExporter):
    """Counts what arrives and what does not, and says once when that changes. Called by one thread at a time."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._away = False
        self._over = False
        self.taken = 0
        """Spans that have left the queue."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send them; what the collector does not take in time is dropped."""
        if self._over:
            # Counted already, as what was left.
            return SpanExportResult.FAILURE
        self.taken += len(spans)
        result = self._exporter.export(spans)
        self._note(len(spans), arrived=result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        """Send nothing more; a repetition that waits is given up."""
        self._over = True
        self._exporter.shutdown()

    def _note(self, count: int, *, arrived: bool) -> None:
        if arrived:
            metrics.TRACE_SPANS_EXPORTED.inc(count)
        else:
            metrics.TRACE_SPANS_DROPPED.labels("collector").inc(count)
        if arrived is self._away:
            self._away = not arrived
            _log.warning("the collector takes spans again" if arrived else "the collector takes no spans")


class Export(SpanProcessor):
    """Hands ended spans on while fewer than `queue_most` wait. Spans end in the loop's thread alone."""

    def __init__(self, exporter: SpanExporter, queue_most: int) -> None:
        self._counted = Counted(exporter)
        self._queue_most = queue_most
        self._handed_on = 0
        self._closed = False
        self._batches = BatchSpanProcessor(
            self._counted,
            max_queue_size=queue_most,
            schedule_delay_millis=INTERVAL_MS,
            max_export_batch_size=min(BATCH, queue_most),
        )

    @property
    def waiting(self) -> int:
        """Spans in the queue."""
        return self._handed_on - self._counted.taken

    def on_start(self, span: SdkSpan, parent_context: Context | None = None) -> None:
        """Nothing is done before it has ended."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue it, or drop it."""
        if self._closed or self.waiting >= self._queue_most:
            metrics.TRACE_SPANS_DROPPED.labels("queue").inc()
            return
        self._handed_on += 1
        self._batches.on_end(span)

    async def close(self, limit_s: float = CLOSE_S) -> None:
        """Send what waits, for `limit_s` at most; what is left then is dropped."""
        if self._closed:
            return
        self._closed = True
        sent, loop = asyncio.Event(), asyncio.get_running_loop()
        # Neither of the loop's own threads, which its end waits for, nor one that keeps the process alive.
        Thread(target=self._finish, args=(loop, sent), name="traces", daemon=True).start()
        if not await happens_within(sent, limit_s):
            self._counted.shutdown()
            metrics.TRACE_SPANS_DROPPED.labels("queue").inc(self.waiting)

    def _finish(self, loop: asyncio.AbstractEventLoop, sent: asyncio.Event) -> None:
        self._batches.shutdown()  # type: ignore[no-untyped-call]  # it has no types
        # The process may have ended without us.
        if not loop.is_closed():
            loop.call_soon_threadsafe(sent.set)


def exporting(endpoint: str, *, queue_most: int) -> Export:
    """To the collector at `endpoint`, the address that its signals have in common; connected to nothing yet."""
    # It repeats at each batch what Counted says once.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    return Export(OTLPSpanExporter(endpoint.rstrip("/") + PATH, timeout=TIMEOUT_S), queue_most)
