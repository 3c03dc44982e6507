"""The trace that a request's events carry (W3C Trace Context; spec 11), and the request's own span (chassis/traces)."""

from contextvars import ContextVar

from starlette.types import Scope

from chassis.traces.port import Span, Traces
from chassis.traces.traceparent import parsed, unrecorded

current: ContextVar[str | None] = ContextVar("kaiwa_traceparent", default=None)
"""The `traceparent` of the request being answered."""
_PATHS = "/api/"


def continued(incoming: str | None) -> str:
    """A step of the caller's trace, or of a new one where `incoming` names none; not recorded, whatever it asks for."""
    caller = parsed(incoming or "")
    return unrecorded(None if caller is None else caller.trace_id)


def entered(traces: Traces, scope: Scope, incoming: str | None) -> Span | None:
    """The span of a request to the HTTP API; None where it is not recorded."""
    if not scope["path"].startswith(_PATHS):
        return None
    method = scope["method"]
    return traces.enter(method, "server", {"http.request.method": method}, caller=incoming)


def answered(span: Span, scope: Scope, status: int) -> None:
    """The request is over. Its name is of the route, not of the path, where ids stand; 0: nothing was answered."""
    route = getattr(scope.get("route"), "path", None)
    if route is not None:
        span.name(f"{scope['method']} {route}")
        span.say({"http.route": route})
    span.say({"http.response.status_code": status})
    span.end(str(status) if status >= 500 or status == 0 else None)
