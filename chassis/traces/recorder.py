"""The port on OpenTelemetry's SDK. Imported only where traces are on."""

import random
from collections.abc import Sequence
from typing import Any, Final, cast

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan

from chassis.traces.export import Export
from chassis.traces.port import Attributes, Kind, Span
from chassis.traces.traceparent import Traceparent, parsed

_KINDS: Final[dict[Kind, SpanKind]] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_ROOT: Final = Context()
"""Said each time: else the SDK would look for a parent in the context of the task."""


class _Ids(RandomIdGenerator):
    """Draws the id of a trace before its span is made: most traces are not recorded, and cost no more than that."""

    def __init__(self, ratio: float) -> None:
        self._bound = TraceIdRatioBased.get_bound_for_rate(ratio)
        self._drawn = 0

    def draw(self) -> bool:
        """Whether the next trace is recorded, as TraceIdRatioBased finds it again in its id."""
        self._drawn = super().generate_trace_id()
        return self._drawn & TraceIdRatioBased.TRACE_ID_LIMIT < self._bound

    def generate_trace_id(self) -> int:
        """The one that was drawn."""
        return self._drawn


class RecordedSpan:
    """See port.Span."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, span: SdkSpan) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-01".encode()

    def name(self, name: str) -> None:
        """See port.Span."""
        self._span.update_name(name)

    def say(self, attributes: Attributes) -> None:
        """See port.Span."""
        self._span.set_attributes(cast("dict[str, Any]", attributes))

    def end(self, error: str | None = None) -> None:
        """See port.Span."""
        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Recorder:
    """See port.Traces."""

    def __init__(self, process: str, instance_id: str | None, ratio: float, export: Export) -> None:
        self._ratio = ratio
        self._export = export
        about = {"service.namespace": "kaiwa", "service.name": f"kaiwa-{process}"}
        if instance_id is not None:
            about["service.instance.id"] = instance_id
        self._ids = _Ids(ratio)
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(ratio)),
            id_generator=self._ids,
            resource=Resource.create(about),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(export)
        self._tracer = provider.get_tracer("kaiwa")

    def begin(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        *,
        parent: bytes | None = None,
        links: Sequence[bytes] = (),
        began_ns: int | None = None,
    ) -> Span | None:
        """See port.Traces."""
        if parent is None:
            return self._start(name, kind, attributes, _ROOT, (), began_ns) if self._ids.draw() else None
        step = parsed(parent.decode("ascii", "replace"))
        if step is None or not step.recorded:
            return None
        others = [Link(_context(other)) for link in links if (other := parsed(link.decode("ascii", "replace")))]
        return self._start(name, kind, attributes, _under(step), others, began_ns)

    def enter(self, name: str, kind: Kind, attributes: Attributes, *, caller: str | None) -> Span | None:
        """See port.Traces."""
        step = parsed(caller or "")
        if step is None:
            return self.begin(name, kind, attributes)
        # Not by the trace's id, which the caller may have chosen.
        if random.random() >= self._ratio:
            return None
        return self._start(name, kind, attributes, _under(step), (), None)

    async def close(self) -> None:
        """See port.Traces."""
        await self._export.close()

    def _start(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        context: Context,
        links: Sequence[Link],
        began_ns: int | None,
    ) -> Span | None:
        said = cast("dict[str, Any]", attributes)
        span = self._tracer.start_span(name, context, _KINDS[kind], said, links, began_ns)
        return RecordedSpan(span) if span.is_recording() else None


def _under(step: Traceparent) -> Context:
    return set_span_in_context(NonRecordingSpan(_context(step)), _ROOT)


def _context(step: Traceparent) -> SpanContext:
    return SpanContext(int(step.trace_id, 16), int(step.span_id, 16), is_remote=True, trace_flags=TraceFlags(1))
