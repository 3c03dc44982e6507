"""The gateway's back door: API Gateway's `@connections` and the bulk push, signed (spec 6). A bare ASGI application.

    request ─▶ path ─▶ body (bounded) ─▶ signature, key's actions, stage ─▶ here, or the gateway that the id names

An answer after the frame went out is never a 5xx: the caller would push it again.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from msgspec import UNSET, json

from chassis.traces.port import Span, Traces
from contracts.close_codes import NORMAL
from contracts.connection_api import (
    BULK_CONTENT_TYPE,
    ERROR_TYPE_HEADER,
    FORBIDDEN,
    FORWARDED_HEADER,
    GONE,
    INVALID_CONNECTION_ID,
    LIMIT_EXCEEDED,
    MISDIRECTED,
    NOT_TEXT,
    REQUEST_ID_HEADER,
    TOO_LARGE,
    ApiError,
    ConnectionInfo,
    ErrorBody,
    Identity,
)
from contracts.ids import epoch_of, is_connection_id
from contracts.limits import CONNECTION_API_BODY_BYTES
from contracts.timestamps import iso
from gateway import metrics
from gateway.api_bodies import BodyCutOff, BodyTooLarge, read_body
from gateway.bulk import BulkPush
from gateway.connection import Connection
from gateway.connection_paths import Target, target
from gateway.deliver import Deliverer
from gateway.endings import Endings
from gateway.forwarding import Answered, Forwarding
from gateway.rates import Bucket, Rate
from gateway.registry import Registry
from gateway.sigv4 import Key, SignedRequest, verify
from gateway.sigv4_errors import SignatureError
from gateway.tracing import answered, called, writing, written

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    error_type: str | None = None
    span: Span | None = None
    """Of the call that it answers, if that is recorded."""


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """What the connection API needs of the settings."""

    stage: str
    keys: Mapping[str, Key]
    region: str
    rate: Rate
    bulk_bytes: int


class ConnectionApi:
    """The application for the second server."""

    def __init__(
        self,
        settings: ApiSettings,
        *,
        epoch: Callable[[], str],
        registry: Registry,
        endings: Endings,
        deliverer: Deliverer,
        bulk: BulkPush,
        forwarding: Forwarding,
        now: Callable[[], float],
        wall_ms: Callable[[], int],
        traces: Traces | None = None,
    ) -> None:
        self._settings = settings
        self._epoch = epoch
        self._registry = registry
        self._endings = endings
        self._deliverer = deliverer
        self._bulk = bulk
        self._forwarding = forwarding
        self._now = now
        self._wall_ms = wall_ms
        self._traces = traces
        self._bucket = Bucket(settings.rate, now())
        self._calls: dict[str, Callable[[Connection, bytes, Span | None], Answer]] = {
            "post": self._post,
            "get": self._get,
            "delete": self._delete,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        found, began_ns = target(scope["method"], scope["raw_path"]), time.time_ns()
        try:
            answer = await self._answer(scope, receive, found, began_ns)
        except BodyCutOff:
            return
        metrics.API_CALLS.labels(found.call if found else "unknown", str(answer.status)).inc()
        await _respond(send, answer)
        if answer.span is not None:
            answered(answer.span, answer.status)

    async def _answer(self, scope: Scope, receive: Receive, found: Target | None, began_ns: int) -> Answer:
        is_bulk = found is not None and found.call == "bulk"
        try:
            body = await read_body(receive, self._settings.bulk_bytes if is_bulk else CONNECTION_API_BODY_BYTES)
            key = self._verified(scope, body)
        except BodyTooLarge:
            metrics.met("connection_api_body")
            return _refusal(TOO_LARGE)
        except SignatureError as error:
            return _refusal(error.answer)
        if found is None or found.stage != self._settings.stage or not key.allows(found.call):
            return _refusal(FORBIDDEN)
        if self._traces is None:
            return await self._allowed(scope, found, body, None)
        span = called(self._traces, scope["method"], found, scope["headers"], began_ns)
        return replace(await self._allowed(scope, found, body, span), span=span)

    async def _allowed(self, scope: Scope, found: Target, body: bytes, span: Span | None) -> Answer:
        if found.call == "bulk":
            return _bulk_answer(await self._bulk.handle(body, None if span is None else span.traceparent))
        return await self._for_one(scope, found, body, span)

    def _verified(self, scope: Scope, body: bytes) -> Key:
        request = SignedRequest(
            scope["method"], scope["raw_path"], scope.get("query_string", b""), scope["headers"], body
        )
        return verify(request, self._settings.keys, self._settings.region, time.time())

    async def _for_one(self, scope: Scope, found: Target, body: bytes, span: Span | None) -> Answer:
        problem = self._problem(found, body)
        if problem is not None:
            return _refusal(problem)
        connection = self._registry.get(found.connection_id)
        if connection is not None:
            return self._calls[found.call](connection, body, span)
        epoch = epoch_of(found.connection_id)
        if epoch == self._epoch():
            return _refusal(GONE)
        if any(name == FORWARDED_HEADER.encode() for name, _ in scope["headers"]):
            return _refusal(MISDIRECTED)
        trace = None if span is None else span.traceparent
        return _forwarded(await self._forwarding.forward(scope["method"], epoch, found.connection_id, body, trace))

    def _problem(self, found: Target, body: bytes) -> ApiError | None:
        if not is_connection_id(found.connection_id):
            return INVALID_CONNECTION_ID
        if self._bucket.take(self._settings.rate, self._now()) > 0:
            metrics.met("connection_api_rate")
            return LIMIT_EXCEEDED
        if found.call == "post" and not _is_text(body):
            return NOT_TEXT
        return None

    def _post(self, connection: Connection, body: bytes, span: Span | None) -> Answer:
        write = None
        if self._traces is not None and span is not None:
            write = writing(self._traces, span.traceparent, pushes=1, connections=1)
        missed = self._deliverer.push(body, (connection.id,))
        if write is not None:
            written(write, gone=len(missed.gone), slow=len(missed.slow))
        return _refusal(LIMIT_EXCEEDED) if missed.slow else Answer(200)

    def _get(self, connection: Connection, _body: bytes, _span: Span | None) -> Answer:
        inactive_ms = int((self._now() - connection.life.active_s) * 1000)
        info = ConnectionInfo(
            connected_at=iso(connection.connected_at_ms),
            identity=Identity(source_ip=connection.source_ip, user_agent=connection.user_agent or UNSET),
            last_active_at=iso(max(self._wall_ms() - inactive_ms, connection.connected_at_ms)),
        )
        return Answer(200, json.encode(info), "application/json")

    def _delete(self, connection: Connection, _body: bytes, _span: Span | None) -> Answer:
        self._endings.close(connection, NORMAL)
        return Answer(204)


def _is_text(body: bytes) -> bool:
    try:
        str(body, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refusal(error: ApiError) -> Answer:
    body = b"" if error.message is None else json.encode(ErrorBody(error.message))
    return Answer(error.status, body, "application/json" if body else None, error.type)


def _bulk_answer(answered: bytes | ApiError) -> Answer:
    return _refusal(answered) if isinstance(answered, ApiError) else Answer(200, answered, BULK_CONTENT_TYPE)


def _forwarded(answered: Answered | ApiError) -> Answer:
    if isinstance(answered, ApiError):
        return _refusal(answered)
    content_type = "application/json" if answered.body else None
    return Answer(answered.status, answered.body, content_type, answered.error_type)


async def _respond(send: Send, answer: Answer) -> None:
    headers = [(REQUEST_ID_HEADER.lower().encode(), str(uuid4()).encode())]
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type.encode()))
    if answer.error_type is not None:
        headers.append((ERROR_TYPE_HEADER.lower().encode(), answer.error_type.encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
