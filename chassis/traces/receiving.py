"""The spans of records on their way through a handler (`process`): one each, from its first turn until it is done."""

from collections.abc import Sequence
from dataclasses import replace

from chassis.records import Record
from chassis.traces.port import Span, Traces
from chassis.traces.traceparent import carrying, recorded_in

_Place = tuple[str, int, int]


class Receiving:
    """One run loop's. It holds no more spans than the loop holds records."""

    def __init__(self, traces: Traces, group: str) -> None:
        self._traces = traces
        self._group = group
        self._spans: dict[_Place, Span] = {}

    def __len__(self) -> int:
        return len(self._spans)

    def begin(self, batch: Sequence[Record]) -> list[Record]:
        """`batch` for the handler: what it publishes for a record goes on from the record's span."""
        return [self._received(record) for record in batch]

    def end(self, record: Record, error: str | None = None) -> None:
        """The record is done, put aside (`error`), or no longer ours; only the first time counts."""
        span = self._spans.pop(_place(record), None)
        if span is not None:
            span.end(error)

    def _received(self, record: Record) -> Record:
        parent = recorded_in(record.headers)
        span = None if parent is None else self._span(record, parent)
        return record if span is None else replace(record, headers=carrying(record.headers, span.traceparent))

    def _span(self, record: Record, parent: bytes) -> Span | None:
        """The one it has, where it is handled again."""
        span = self._spans.get(_place(record))
        if span is None:
            span = self._begin(record, parent)
            if span is not None:
                self._spans[_place(record)] = span
        return span

    def _begin(self, record: Record, parent: bytes) -> Span | None:
        return self._traces.begin(
            f"process {record.topic}",
            "consumer",
            {
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.destination.name": record.topic,
                "messaging.destination.partition.id": str(record.partition),
                "messaging.kafka.offset": record.offset,
                "messaging.consumer.group.name": self._group,
            },
            parent=parent,
        )


def _place(record: Record) -> _Place:
    return record.topic, record.partition, record.offset
