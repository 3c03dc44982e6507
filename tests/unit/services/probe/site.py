"""What the probe meets of Kaiwa, on real sockets: an issuer, the HTTP API, a gateway; each can be made to fail."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, Self

from aiohttp import web
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from services.probe.settings import ProbeSettings

# At its most talkative the library writes the heads of handshakes.
_SILENT = logging.getLogger("site")
_SILENT.setLevel(logging.ERROR)


class Site:
    """Tokens are `token-of-USER-N`, N rising; rooms are sets of users."""

    def __init__(self) -> None:
        self.rooms: dict[str, set[str]] = {}
        self.approved: set[str] = set()
        self.connections: dict[str, ServerConnection] = {}
        self.authorizations: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.api_status: int | None = None
        self.handshake_status: int | None = None
        self.acknowledges = self.delivers = True
        self.issued = 0
        self._gateway: Server | None = None
        self._urls: list[str] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        site = cls()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", site._http)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            async with serve(site._socket, "127.0.0.1", 0, process_request=site._handshake, logger=_SILENT) as gateway:
                port = next(iter(gateway.sockets)).getsockname()[1]
                site._urls = [f"ws://127.0.0.1:{port}/prod", f"http://127.0.0.1:{runner.addresses[0][1]}"]
                yield site
        finally:
            await runner.cleanup()

    def settings(self, **changes: Any) -> ProbeSettings:
        values = {"websocket_url": self._urls[0], "http_api_url": self._urls[1], "dev_issuer_url": self._urls[1]}
        return ProbeSettings(**{**values, "probe_interval_s": 0.1, "probe_timeout_s": 0.5, **changes})

    async def _http(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        if request.path == "/dev/token":
            self.issued += 1
            return web.json_response({"token": f"token-of-{body['user']}-{self.issued}"})
        user = _user(request.headers["Authorization"])
        if self.api_status is not None:
            return web.Response(status=self.api_status)
        return self._api(request.method, request.path.split("/")[2:], user, body)

    def _api(self, method: str, path: list[str], user: str, body: dict[str, Any]) -> web.Response:
        match method, path:
            case "GET", ["users", "me"]:
                return web.json_response({"userId": user})
            case "PUT", ["users", whom, "profile"]:
                self.approved.add(whom)
                return web.Response()
            case "POST", ["rooms"] if user not in self.approved:
                return web.Response(status=403)
            case "POST", ["rooms"]:
                self.rooms[body["chatRoomId"]] = {user, *body["participantIds"]}
                return web.Response(status=201)
            case "GET", ["rooms", room] if user in self.rooms.get(room, set()):
                return web.json_response({})
        return web.Response(status=404)

    def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        self.authorizations.append(request.headers["Authorization"])
        if self.handshake_status is not None:
            return connection.respond(HTTPStatus(self.handshake_status), "{}")
        return None

    async def _socket(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.connections[_user(connection.request.headers["Authorization"])] = connection
        async for text in connection:
            frame = json.loads(text)
            self.sent.append(frame)
            await connection.send(json.dumps({"type": "SOMETHING_NEW"}))
            await self._answer(connection, frame)

    async def _answer(self, connection: ServerConnection, frame: dict[str, Any]) -> None:
        key = {"clientMessageId": frame["clientMessageId"], "chatRoomId": frame["chatRoomId"], "messageId": "m"}
        if self.acknowledges:
            await connection.send(json.dumps({"type": "ACK", **key}))
        if self.delivers:
            message = {"type": "MESSAGE", **key, "senderId": "s", "content": "c", "createdAt": "t", "timestamp": 1}
            for other in self.connections.values():
                await other.send(json.dumps({**message, "seq": 1}))


def _user(authorization: str) -> str:
    return authorization.removeprefix("Bearer token-of-").rpartition("-")[0]
