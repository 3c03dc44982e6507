"""The public door: one FastAPI application that answers handshakes, and 426 to everything else (spec 2)."""

import time
from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket

from chassis.logs import get_logger
from gateway import metrics
from gateway.connection import Connection
from gateway.handshake import Handshake, handshake
from gateway.lifecycle import Lifecycle
from gateway.protocol import SOCKET
from gateway.refusals import UPGRADE_REQUIRED, Refusal, Refused
from gateway.settings import GatewaySettings

_log = get_logger(__name__)
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def application(lifecycle: Lifecycle, settings: GatewaySettings) -> FastAPI:
    """The application; its server must use gateway.protocol's class."""
    app = FastAPI(title="Kaiwa gateway", docs_url=None, redoc_url=None, openapi_url=None)
    proxies, subprotocols = settings.proxies, frozenset(settings.subprotocols)

    @app.websocket("/{path:path}")
    async def connect(websocket: WebSocket) -> None:
        request, began = handshake(websocket.scope, proxies), time.monotonic()
        try:
            connection = await lifecycle.admit(request)
        except Refused as refused:
            _note(request, refused)
            await websocket.send_denial_response(_response(refused.refusal))
            return
        chosen = next((name for name in request.subprotocols if name in subprotocols), None)
        await _accept(lifecycle, connection, websocket, chosen)
        metrics.HANDSHAKES.labels("101").inc()
        metrics.HANDSHAKE_SECONDS.observe(time.monotonic() - began)

    @app.api_route("/{path:path}", methods=_METHODS)
    async def plain(_request: Request) -> Response:
        metrics.HANDSHAKES.labels(str(UPGRADE_REQUIRED.status)).inc()
        return _response(UPGRADE_REQUIRED)

    return app


async def _accept(lifecycle: Lifecycle, connection: Connection, websocket: WebSocket, chosen: str | None) -> None:
    socket: Any = websocket.scope["state"][SOCKET]
    try:
        await websocket.accept(subprotocol=chosen)
    finally:
        # Whether or not the 101 went out: a connection that is in the log becomes live, or ends.
        lifecycle.live(connection, socket)


def _note(request: Handshake, refused: Refused) -> None:
    metrics.HANDSHAKES.labels(str(refused.refusal.status)).inc()
    if refused.refusal.limit is not None:
        metrics.met(refused.refusal.limit)
    _log.info("handshake refused", status=refused.refusal.status, why=refused.why, ip=request.source_ip)


def _response(refusal: Refusal) -> Response:
    return Response(refusal.body, status_code=refusal.status, headers=refusal.all_headers)
