"""A small chat server on loopback: the gateway's WebSocket and the HTTP API, with faults on request."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from contracts.ids import message_id
from contracts.timestamps import iso

BEGIN_MS = 1_700_000_000_000


def token_for(user: str, lives_s: float = 3600.0) -> str:
    claims = json.dumps({"sub": user, "exp": time.time() + lives_s}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.{user}"


@dataclass
class FakeServer:
    """Posts what is sent at once. Knobs are read at each request."""

    rooms: dict[str, list[str]] = field(default_factory=lambda: {"lobby": ["alice", "bob", "dave"]})
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pending: set[str] = field(default_factory=lambda: {"dave"})
    refuse_handshakes: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    unavailable: int = 0
    """How many messages are to be answered UNAVAILABLE, though they are posted."""
    deaf: int = 0
    """How many messages are to be lost on the way in."""
    mute: bool = False
    """Nothing is pushed: messages stand in the history alone."""
    api_away: bool = False
    frames: list[dict[str, Any]] = field(default_factory=list)
    handshakes: list[dict[str, str]] = field(default_factory=list)
    connections: dict[ServerConnection, str] = field(default_factory=dict)
    websocket_url: str = ""
    api_url: str = ""

    async def post(self, room: str, sender: str, content: str, key: str | None = None) -> dict[str, Any]:
        history = self.messages.setdefault(room, [])
        known = [message for message in history if key and message.get("clientMessageId") == key]
        if known:
            return known[0]
        seq = len(history) + 1
        message = {
            "type": "MESSAGE",
            "messageId": message_id(sender, room, client_message_id=key, event_id=f"{room}-{seq}"),
            "chatRoomId": room,
            "senderId": sender,
            "content": content,
            "messageType": "user",
            "createdAt": iso(BEGIN_MS + seq),
            "timestamp": BEGIN_MS + seq,
            "seq": seq,
        } | ({"clientMessageId": key} if key else {})
        history.append(message)
        if not self.mute:
            await self.push(room, message)
        return message

    async def push(self, room: str, frame: dict[str, Any]) -> None:
        for connection, user in list(self.connections.items()):
            if user in self.rooms[room]:
                await connection.send(json.dumps(frame))

    async def close_all(self, code: int, reason: str = "") -> None:
        for connection in list(self.connections):
            await connection.close(code, reason)

    def sent(self, action: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["action"] == action]

    async def handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append({"path": request.path, "authorization": request.headers.get("Authorization", "")})
        if not self.refuse_handshakes:
            return None
        status, headers = self.refuse_handshakes.pop(0)
        response = connection.respond(HTTPStatus(status), json.dumps({"message": "because"}))
        response.headers.update(headers)
        return response

    async def serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        user = _user(connection.request.headers["Authorization"])
        self.connections[connection] = user
        try:
            async for text in connection:
                await self._frame(connection, user, json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            del self.connections[connection]

    async def _frame(self, connection: ServerConnection, user: str, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        if frame["action"] == "sendMessage":
            await self._submit(connection, user, frame)

    async def _submit(self, connection: ServerConnection, user: str, frame: dict[str, Any]) -> None:
        room, key = frame["chatRoomId"], frame["clientMessageId"]
        about = {"chatRoomId": room, "clientMessageId": key}
        if self.deaf:
            self.deaf -= 1
        elif user in self.pending:
            await connection.send(
                json.dumps({"type": "VERIFICATION_REQUIRED", "message": "本人確認が必要です", **about})
            )
        elif self.unavailable:
            self.unavailable -= 1
            await self.post(room, user, frame["content"], key)
            error = {"type": "ERROR", "code": "UNAVAILABLE", "message": "", "retryable": True, "retryAfterMs": 10}
            await connection.send(json.dumps(error | about))
        else:
            message = await self.post(room, user, frame["content"], key)
            await connection.send(json.dumps({"type": "ACK", "messageId": message["messageId"], **about}))

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._faults])
        app.router.add_get("/api/users/me", self._me)
        app.router.add_get("/api/rooms", self._rooms)
        app.router.add_post("/api/rooms", self._create)
        app.router.add_get("/api/rooms/{room}", self._room)
        app.router.add_get("/api/rooms/{room}/presence", self._presence)
        app.router.add_get("/api/rooms/{room}/messages", self._messages)
        app.router.add_route("*", "/api/rooms/{room}/participants/{user}", self._participant)
        return app

    @web.middleware
    async def _faults(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.api_away:
            return web.json_response({"code": "UNAVAILABLE", "detail": "away"}, status=503)
        room = request.match_info.get("room")
        if room is not None and _user(request.headers["Authorization"]) not in self.rooms.get(room, []):
            return web.json_response({"code": "NOT_FOUND", "detail": "There is no such room."}, status=404)
        response: web.StreamResponse = await handler(request)
        return response

    async def _me(self, request: web.Request) -> web.Response:
        user = _user(request.headers["Authorization"])
        status = "pending" if user in self.pending else "approved"
        return web.json_response(
            {"userId": user, "displayName": user.capitalize(), "verificationStatus": status, "isAdmin": False}
        )

    async def _rooms(self, request: web.Request) -> web.Response:
        user = _user(request.headers["Authorization"])
        mine = [_summary(room, people) for room, people in self.rooms.items() if user in people]
        return web.json_response({"rooms": mine})

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.rooms[body["chatRoomId"]] = [_user(request.headers["Authorization"]), *body["participantIds"]]
        return web.json_response({"chatRoomId": body["chatRoomId"], "name": body["name"]}, status=201)

    async def _room(self, request: web.Request) -> web.Response:
        room = request.match_info["room"]
        people = [{"userId": user, "displayName": user.capitalize(), "lastReadSeq": 0} for user in self.rooms[room]]
        return web.json_response({**_summary(room, self.rooms[room]), "participants": people})

    async def _presence(self, request: web.Request) -> web.Response:
        online = set(self.connections.values())
        people = self.rooms[request.match_info["room"]]
        return web.json_response(
            {
                "presence": [
                    {"userId": user, "status": "online" if user in online else "offline", "version": 1}
                    for user in people
                ]
            }
        )

    async def _messages(self, request: web.Request) -> web.Response:
        history, limit = self.messages.get(request.match_info["room"], []), int(request.query["limit"])
        if "after" not in request.query:
            return web.json_response({"messages": _bare(history[-limit:]), "hasMore": len(history) > limit})
        later = [message for message in history if message["timestamp"] > int(request.query["after"])]
        return web.json_response({"messages": _bare(later[:limit]), "hasMore": len(later) > limit})

    async def _participant(self, request: web.Request) -> web.Response:
        people, user = self.rooms[request.match_info["room"]], request.match_info["user"]
        people.append(user) if request.method == "PUT" else people.remove(user)
        return web.json_response({"eventId": "e", "code": "OK", "status": 200})


@asynccontextmanager
async def running(fake: FakeServer) -> AsyncIterator[FakeServer]:
    runner = web.AppRunner(fake.application(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sockets: Server = await serve(fake.serve, "127.0.0.1", 0, process_request=fake.handshake)
    fake.websocket_url = f"ws://127.0.0.1:{sockets.sockets[0].getsockname()[1]}/prod"
    fake.api_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        sockets.close()
        await sockets.wait_closed()
        await runner.cleanup()
        await asyncio.sleep(0)


def _user(authorization: str) -> str:
    return authorization.rpartition(".")[2]


def _summary(room: str, people: list[str]) -> dict[str, Any]:
    return {"chatRoomId": room, "name": room, "unread": 2, "participantCount": len(people)}


def _bare(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in message.items() if name != "type"} for message in messages]
