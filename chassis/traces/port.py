"""Spans, as the code that is traced sees them. Off, a part holds None in place of Traces, and asks nothing more."""

from collections.abc import Sequence
from typing import Literal, Protocol, TypedDict

Kind = Literal["internal", "server", "client", "producer", "consumer"]

Attributes = TypedDict(
    "Attributes",
    {
        "messaging.system": str,
        "messaging.operation.name": str,
        "messaging.operation.type": str,
        "messaging.destination.name": str,
        "messaging.destination.partition.id": str,
        "messaging.kafka.offset": int,
        "messaging.consumer.group.name": str,
        "http.request.method": str,
        "http.route": str,
        "http.response.status_code": int,
        "url.template": str,
        "server.address": str,
        "db.system.name": str,
        "db.operation.name": str,
        "db.operation.batch.size": int,
        "error.type": str,
        "kaiwa.action": str,
        "kaiwa.room.id": str,
        "kaiwa.connection.id": str,
        "kaiwa.message.id": str,
        "kaiwa.gateway.id": str,
        "kaiwa.submissions": int,
        "kaiwa.pushes": int,
        "kaiwa.connections": int,
        "kaiwa.gone": int,
        "kaiwa.slow": int,
    },
    total=False,
)
"""All that a span may say, by OpenTelemetry's semantic conventions where they have a name for it.

No content, no token, no user (a user's id may be an e-mail address), no address of a request: spans leave the system.
"""


class Span(Protocol):
    """One step that is being recorded. What was not ended is never exported."""

    @property
    def traceparent(self) -> bytes:
        """For those that go on from here."""

    def name(self, name: str) -> None:
        """Call it something else: few names, never an id in one."""

    def say(self, attributes: Attributes) -> None:
        """Add these."""

    def end(self, error: str | None = None) -> None:
        """It is over; `error` is the code of what went wrong."""


class Traces(Protocol):
    """Begins spans. Nothing here waits or fails, whatever becomes of the collector."""

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
        """A span under `parent`, a traceparent; without one, the first of a trace, of which the set ratio is recorded.

        None where the trace is not recorded. `links` are traceparents of other traces that it serves; `began_ns`
        (epoch) if it began before now.
        """

    def enter(self, name: str, kind: Kind, attributes: Attributes, *, caller: str | None) -> Span | None:
        """A span for somebody outside who may name a trace to go on with. Whether it is recorded, the ratio decides.

        So nobody outside can have everything recorded.
        """

    async def close(self) -> None:
        """Export what is left, for 2 s at most. What ends after that is dropped."""
