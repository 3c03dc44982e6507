"""The gateway's spans: a client's request until its answer, and a push until it is written (chassis/traces).

A trace begins here, whatever a client says: of its handshake and frames nothing is read into one (spec 11).
"""

import asyncio
from dataclasses import replace

from chassis.records import Headers, Outgoing
from chassis.traces.port import Span, Traces
from chassis.traces.traceparent import carrying, recorded_in, unrecorded
from contracts.connection_api import BULK_PATH_SUFFIX
from contracts.headers import TRACEPARENT
from gateway.connection import Connection
from gateway.connection_paths import Target
from gateway.requests import Request


def traced() -> Headers:
    """Headers that begin a trace of their own, which nobody records."""
    return ((TRACEPARENT, unrecorded().encode()),)


def requested(
    traces: Traces, connection: Connection, request: Request, message: Outgoing, message_id: str | None
) -> tuple[Outgoing, Span | None]:
    """`message` as the first step of a trace that may be recorded; the span is of the request, until its answer."""
    span = traces.begin(
        f"frame {request.action}", "server", {"kaiwa.action": request.action, "kaiwa.connection.id": connection.id}
    )
    if span is None:
        return message, None
    if request.chat_room_id is not None:
        span.say({"kaiwa.room.id": request.chat_room_id})
    if message_id is not None:
        span.say({"kaiwa.message.id": message_id})
    return replace(message, headers=carrying(message.headers, span.traceparent)), span


def called(traces: Traces, method: str, call: Target, headers: list[tuple[bytes, bytes]], began_ns: int) -> Span | None:
    """A call of the connection API, once it is known that it may be made: its caller holds a key, and is believed.

    A bulk push is recorded only for a message that is; of other calls without a `traceparent` the set ratio.
    """
    carried = next((value for name, value in headers if name == TRACEPARENT.encode()), None)
    if carried is None and call.call == "bulk":
        return None
    parent = None if carried is None else recorded_in(((TRACEPARENT, carried),))
    if carried is not None and parent is None:
        return None
    path = BULK_PATH_SUFFIX if call.call == "bulk" else "@connections/{connectionId}"
    span = traces.begin(
        f"{method} {path}",
        "server",
        {"http.request.method": method, "http.route": f"/{{stage}}/{path}"},
        parent=parent,
        began_ns=began_ns,
    )
    if span is not None and call.connection_id:
        span.say({"kaiwa.connection.id": call.connection_id})
    return span


def answered(span: Span, status: int) -> None:
    """The call is answered; it ends after what it wrote."""
    span.say({"http.response.status_code": status})
    asyncio.get_running_loop().call_soon(span.end, str(status) if status >= 500 else None)


def writing(traces: Traces, parent: bytes, *, pushes: int, connections: int) -> Span | None:
    """Pushes into outboxes, and from there to the sockets."""
    return traces.begin("write", "internal", {"kaiwa.pushes": pushes, "kaiwa.connections": connections}, parent=parent)


def written(span: Span, *, gone: int, slow: int) -> None:
    """All is in the outboxes; they are written at the end of this turn, and what is called after that sees it done."""
    span.say({"kaiwa.gone": gone, "kaiwa.slow": slow})
    asyncio.get_running_loop().call_soon(span.end)
