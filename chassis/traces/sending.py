"""The span of a record on its way to Kafka (`send`): from enqueueing to the acknowledgement."""

from dataclasses import replace

from chassis.publish_errors import Position
from chassis.records import Outgoing
from chassis.traces.port import Span, Traces
from chassis.traces.traceparent import carrying, recorded_in


def sent(traces: Traces, message: Outgoing) -> tuple[Outgoing, Span | None]:
    """`message` as it is to be sent, and its span; as it was, without one, where its trace is not recorded."""
    parent = recorded_in(message.headers)
    if parent is None:
        return message, None
    span = traces.begin(
        f"send {message.topic}",
        "producer",
        {
            "messaging.system": "kafka",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": message.topic,
        },
        parent=parent,
    )
    if span is None:
        return message, None
    return replace(message, headers=carrying(message.headers, span.traceparent)), span


def acknowledged(span: Span, outcome: Position | Exception) -> None:
    """Kafka has answered, or will not."""
    if isinstance(outcome, Position):
        span.say(
            {
                "messaging.destination.partition.id": str(outcome.partition),
                "messaging.kafka.offset": outcome.offset,
            }
        )
        span.end()
    else:
        span.end(str(getattr(outcome, "code", type(outcome).__name__)))
