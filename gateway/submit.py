"""The only place where what a client says enters Kafka (spec 3).

    frame ─▶ routes.py (shape, size) ─▶ submit ─▶ enqueued ─▶ Kafka has it: ACK
                                          │            └────▶ not in 5 s: ERROR UNAVAILABLE (a late ACK may come)
                                          └─▶ too much waits: ERROR THROTTLED or UNAVAILABLE, nothing was published

Order: what a connection sends for a room is enqueued in the order it came, and stands so in the log. Nothing awaits.
If the process dies, what was not acknowledged may or may not be in the log: the client sends it again with its key.
"""

import asyncio
from dataclasses import dataclass

from chassis.publisher import Overloaded, Position, Publisher, PublishFailed, RecordTooLarge
from chassis.records import Outgoing
from chassis.traces.port import Span, Traces
from gateway import metrics
from gateway.answers import Answers
from gateway.connection import Connection
from gateway.in_flight import InFlight
from gateway.requests import Request
from gateway.tracing import requested
from gateway.wheel import Wheel

FULL_RETRY_S = 1.0
UNKNOWN = "Kafka has not confirmed it; send it again with the same clientMessageId"
NOT_NOW = "Not accepted now; send it again later"


@dataclass(slots=True)
class _Waiting:
    connection: Connection
    request: Request
    size: int
    since_s: float
    message_id: str | None
    span: Span | None = None
    answered: bool = False

    def ended(self, error: str | None = None) -> None:
        """It is answered."""
        self.answered = True
        if self.span is not None:
            self.span.end(error)
            self.span = None


class Submit:
    """Publishes for connections, within limits, and answers them."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        answers: Answers,
        in_flight: InFlight,
        wheel: Wheel,
        acknowledgement_s: float,
        traces: Traces | None = None,
    ) -> None:
        self._publisher = publisher
        self._answers = answers
        self._in_flight = in_flight
        self._wheel = wheel
        self._acknowledgement_s = acknowledgement_s
        self._traces = traces

    def submit(
        self, connection: Connection, request: Request, message: Outgoing, *, message_id: str | None = None
    ) -> None:
        """Publish `message`; the sender gets an ACK if `message_id` is given, and learns of failure."""
        if self._refused(connection, request, message.size):
            return
        span = None
        if self._traces is not None:
            message, span = requested(self._traces, connection, request, message, message_id)
        waiting = _Waiting(connection, request, message.size, self._wheel.now(), message_id, span)
        try:
            future = self._publisher.enqueue(message)
        except (Overloaded, PublishFailed):
            waiting.ended("UNAVAILABLE")
            self._answers.error(connection, request, "UNAVAILABLE", NOT_NOW)
            return
        self._in_flight.enter(connection, message.size)
        future.add_done_callback(lambda done: self._done(waiting, done))
        self._wheel.after(self._acknowledgement_s, lambda _now: self._late(waiting))

    def signal(self, connection: Connection, message: Outgoing) -> None:
        """Publish what is shown for a moment; where that fails nobody is told, and nobody tries again."""
        size = message.size
        if connection.closing_soon or self._in_flight.is_full(size):
            return
        try:
            future = self._publisher.enqueue(message)
        except (Overloaded, PublishFailed):
            return
        self._in_flight.enter(connection, size)
        future.add_done_callback(lambda _done: self._in_flight.leave(connection, size))

    def _refused(self, connection: Connection, request: Request, size: int) -> bool:
        if connection.closing_soon or self._in_flight.is_full(size):
            if not connection.closing_soon:
                metrics.met("in_flight_total")
            self._answers.error(connection, request, "UNAVAILABLE", NOT_NOW)
            return True
        if self._in_flight.connection_is_full(connection, size):
            metrics.met("in_flight")
            self._answers.error(connection, request, "THROTTLED", "Too much is under way", retry_after_s=FULL_RETRY_S)
            return True
        return False

    def _done(self, waiting: _Waiting, done: "asyncio.Future[Position]") -> None:
        self._in_flight.leave(waiting.connection, waiting.size)
        error = PublishFailed("cancelled") if done.cancelled() else done.exception()
        if error is None:
            metrics.ACK_SECONDS.observe(self._wheel.now() - waiting.since_s)
            if waiting.message_id is not None:
                self._answers.ack(waiting.connection, waiting.request, waiting.message_id)
            waiting.ended()
        elif isinstance(error, RecordTooLarge):
            waiting.ended("TOO_LARGE")
            self._answers.error(waiting.connection, waiting.request, "TOO_LARGE", "Too large for the log")
        else:
            self._late(waiting)

    def _late(self, waiting: _Waiting) -> None:
        if not waiting.answered:
            waiting.ended("UNAVAILABLE")
            self._answers.error(waiting.connection, waiting.request, "UNAVAILABLE", UNKNOWN)
