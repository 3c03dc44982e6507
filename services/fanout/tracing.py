"""Fan-out's spans (chassis/traces): a fact is routed, and pushed to each gateway; a request carries many pushes."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis.records import Record
from chassis.traces.port import Span, Traces
from chassis.traces.traceparent import recorded_in
from contracts.connection_api import BULK_PATH_SUFFIX
from services.fanout.route import EpochKey


@dataclass(frozen=True, slots=True)
class Routing:
    """One fact of a trace that is recorded, while it is routed."""

    traces: Traces
    parent: bytes
    span: Span

    def pushed(self, key: EpochKey, connections: int) -> Span | None:
        """The span of its push to one gateway: from its queue until the gateway has answered."""
        return self.traces.begin(
            "push",
            "internal",
            {"kaiwa.gateway.id": key.gateway_id, "kaiwa.connections": connections},
            parent=self.parent,
        )

    def end(self) -> None:
        """All its pushes are queued."""
        self.span.end()


def routing(traces: Traces, record: Record, chat_room_id: str) -> Routing | None:
    """Begin to route the fact in `record`; None where its trace is not recorded."""
    parent = recorded_in(record.headers)
    if parent is None:
        return None
    span = traces.begin("route", "internal", {"kaiwa.room.id": chat_room_id}, parent=parent)
    return None if span is None else Routing(traces, parent, span)


def requested(traces: Traces, address: str, pushes: Iterable[Span | None]) -> Span | None:
    """The span of one request: under the first push that has one, and linked with those of the others."""
    recorded = [span.traceparent for span in pushes if span is not None]
    if not recorded:
        return None
    span = traces.begin(
        f"POST {BULK_PATH_SUFFIX}",
        "client",
        {"http.request.method": "POST", "url.template": f"/{{stage}}/{BULK_PATH_SUFFIX}"},
        parent=recorded[0],
        links=recorded[1:],
    )
    if span is not None and (host := urlsplit(address).hostname):
        span.say({"server.address": host})
    return span
