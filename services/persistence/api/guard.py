"""What stands before every endpoint: limits of size, time and number, and errors as problem+json.

It is plain ASGI, so that it sees the body as it comes in and never holds more of it than the limit.
"""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.logs import get_logger
from chassis.traces.port import Traces
from contracts.headers import TRACEPARENT
from services.persistence.api import metrics, trace
from services.persistence.api.problems import Problem, problem_of, unavailable

_log = get_logger(__name__)


class Guard:
    """ASGI middleware."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_bytes: int,
        body_limit_s: float,
        time_limit_s: float,
        concurrency: int,
        traces: Traces | None = None,
    ) -> None:
        self._app = app
        self._body_bytes = body_bytes
        self._body_limit_s = body_limit_s
        self._time_limit_s = time_limit_s
        self._concurrency = concurrency
        self._traces = traces
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other kinds of scope pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        began = time.monotonic()
        self._count(+1)
        try:
            await self._traced(scope, receive, answer)
        finally:
            self._count(-1)
            _measure(scope, answer.status, time.monotonic() - began)

    async def _traced(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        incoming = Headers(scope=scope).get(TRACEPARENT)
        span = None if self._traces is None else trace.entered(self._traces, scope, incoming)
        trace.current.set(trace.continued(incoming) if span is None else span.traceparent.decode())
        try:
            await self._answered(scope, receive, answer)
        finally:
            if span is not None:
                trace.answered(span, scope, answer.status)

    async def _answered(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        headers = Headers(scope=scope)
        try:
            self._refuse_early(headers)
            async with asyncio.timeout(self._time_limit_s):
                await self._app(scope, _Limited(receive, self._body_bytes, self._body_limit_s), answer)
        except Exception as error:  # noqa: BLE001 - every error becomes an answer, and those of ours are logged
            await _tell(error, scope, receive, answer)

    def _refuse_early(self, headers: Headers) -> None:
        if self._under_way > self._concurrency:
            raise unavailable("Too many requests are under way; try again.")
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self._body_bytes:
            raise _too_large(self._body_bytes)

    def _count(self, change: int) -> None:
        self._under_way += change
        metrics.UNDER_WAY.set(self._under_way)


class _Answer:
    """`send`, remembering whether and how the answer began."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


class _Limited:
    """`receive`, refusing a body that grows over the limit, or that takes longer than that many seconds.

    Its declared length may be absent or a lie, and the body is read before it is known who asks: trickled bodies of
    strangers would take the places of all others.
    """

    def __init__(self, receive: Receive, most: int, within_s: float) -> None:
        self._receive = receive
        self._most = most
        self._within_s = within_s
        self._ends: float | None = None
        self._seen = 0
        self._is_whole = False

    async def __call__(self) -> Message:
        if self._is_whole:
            # What comes now is the client's going, which may take as long as the answer.
            return await self._receive()
        message = await self._in_time()
        self._seen += len(message.get("body", b""))
        if self._seen > self._most:
            raise _too_large(self._most)
        self._is_whole = not message.get("more_body", False)
        return message

    async def _in_time(self) -> Message:
        if self._ends is None:
            self._ends = asyncio.get_running_loop().time() + self._within_s
        try:
            async with asyncio.timeout_at(self._ends):
                return await self._receive()
        except TimeoutError:
            raise _too_slow(self._within_s) from None


def _too_slow(within_s: float) -> Problem:
    detail = f"The body did not arrive within {within_s:g} s."
    return Problem("BAD_REQUEST", detail, headers={"Connection": "close"})


def _too_large(most: int) -> Problem:
    # The connection is closed: what is left of the body would be taken for the next request.
    return Problem("PAYLOAD_TOO_LARGE", f"The body is longer than {most} bytes.", headers={"Connection": "close"})


async def _tell(error: Exception, scope: Scope, receive: Receive, answer: _Answer) -> None:
    problem = problem_of(error)
    if problem is not error:
        _report(error, problem, scope)
    if answer.status:
        # Half an answer is out: breaking the connection is all that tells the client.
        raise error
    await problem.response()(scope, receive, answer)


def _report(error: Exception, problem: Problem, scope: Scope) -> None:
    if problem.code == "INTERNAL":
        _log.error("a request failed", path=scope["path"], method=scope["method"], exc_info=error)
    else:
        _log.warning("a request could not be served", path=scope["path"], error=f"{type(error).__name__}: {error}")


def _measure(scope: Scope, status: int, seconds: float) -> None:
    # The template, not the path: one label for all rooms.
    route = getattr(scope.get("route"), "path", "other")
    metrics.REQUESTS.labels(scope["method"], route, status).inc()
    metrics.SECONDS.labels(route).observe(seconds)
