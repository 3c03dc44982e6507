"""Traces whose spans stay in memory: OpenTelemetry's own recorder and exporter, without queue, thread and collector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.records import Headers
from chassis.traces.export import Export
from chassis.traces.port import Attributes, Span
from chassis.traces.recorder import Recorder
from contracts.headers import TRACEPARENT


class _Kept(Export):
    """Each span where it ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._ended = SimpleSpanProcessor(exporter)

    def on_end(self, span: ReadableSpan) -> None:
        self._ended.on_end(span)

    async def close(self, limit_s: float = 0) -> None:
        """There is nothing to wait for."""


class Kept:
    """`traces` for what is tested; what has ended, in that order."""

    def __init__(self, ratio: float = 1.0) -> None:
        self._exporter = InMemorySpanExporter()
        self.traces = Recorder("test", "test-1", ratio, _Kept(self._exporter))

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans]

    def one(self, name: str) -> ReadableSpan:
        """The only span of that name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def root(self) -> Span:
        """The first span of a trace that is recorded."""
        span = self.traces.begin("root", "internal", {})
        assert span is not None
        return span


def said(span: ReadableSpan) -> Mapping[str, Any]:
    """Its attributes, all of them among those that may be said."""
    found = dict(span.attributes or {})
    assert found.keys() <= Attributes.__annotations__.keys()
    return found


def is_under(span: ReadableSpan, parent: ReadableSpan | bytes) -> bool:
    """Whether it is a child of `parent`, a span or a traceparent, in the same trace."""
    above = parent if isinstance(parent, bytes) else traceparent(parent)
    assert span.parent is not None
    trace, step = above.decode().split("-")[1:3]
    return (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (trace, step)


def traceparent(span: ReadableSpan) -> bytes:
    assert span.context is not None
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01".encode()


def links(span: ReadableSpan) -> list[bytes]:
    """The traceparents that it is linked with."""
    found = [link.context for link in span.links]
    return [f"00-{context.trace_id:032x}-{context.span_id:016x}-01".encode() for context in found]


def carried(headers: Headers) -> bytes:
    """The only traceparent in `headers`."""
    (found,) = [value for name, value in headers if name == TRACEPARENT]
    return found
