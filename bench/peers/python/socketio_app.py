"""python-socketio over Redis, as its documentation sets it up: one room, what comes in goes to everybody."""

import os
from typing import Any

import socketio

server = socketio.AsyncServer(
    async_mode="asgi",
    client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]),
    transports=["websocket"],
    cors_allowed_origins=[],
)
app = socketio.ASGIApp(server)


async def connect(sid: str, _environ: Any, _auth: Any) -> None:
    await server.enter_room(sid, "bench")


async def send(_sid: str, text: str) -> None:
    await server.emit("message", text, room="bench")


server.on("connect", connect)
server.on("send", send)
