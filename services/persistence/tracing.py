"""The span of a room's transaction (chassis/traces): one, whatever the number of submissions that it writes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from chassis.records import Record
from chassis.traces.port import Span, Traces
from chassis.traces.traceparent import recorded_in


@contextmanager
def transaction(traces: Traces | None, room_id: str, records: Sequence[Record]) -> Iterator[None]:
    """Under the first of `records` whose trace is recorded, and linked with those of the others."""
    span = None if traces is None else _begun(traces, room_id, records)
    if span is None:
        yield
        return
    try:
        yield
    except BaseException as error:
        span.end(str(getattr(error, "code", type(error).__name__)))
        raise
    span.end()


def _begun(traces: Traces, room_id: str, records: Sequence[Record]) -> Span | None:
    recorded = [found for record in records if (found := recorded_in(record.headers)) is not None]
    if not recorded:
        return None
    return traces.begin(
        "transact room",
        "client",
        {
            "db.system.name": "aws.dynamodb",
            "db.operation.name": "TransactWriteItems",
            "kaiwa.room.id": room_id,
            "kaiwa.submissions": len(records),
        },
        parent=recorded[0],
        links=recorded[1:],
    )
