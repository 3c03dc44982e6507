"""Asks an ASGI application without a socket."""

import asyncio
import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from fastapi import FastAPI

from services.persistence.api.parts import Parts
from services.persistence.api.server import application
from services.persistence.api.settings import ApiSettings


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def settings(**changes: Any) -> ApiSettings:
    values: dict[str, Any] = {
        "kafka_bootstrap": "127.0.0.1:1",
        "issuer": "https://issuer.example.com/pool",
        "client_id": "client-1",
        "websocket_url": "wss://chat.example.com/prod",
        **changes,
    }
    return ApiSettings(**values)


def app_of(**changes: Any) -> FastAPI:
    """The application with its settings and nothing behind it."""
    return application(cast(Parts, SimpleNamespace(settings=settings(**changes), traces=None)))


async def ask(
    app: Any, method: str = "GET", path: str = "/", *, headers: dict[str, str] | None = None, body: bytes = b""
) -> Answer:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop()

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(n.lower().encode(), v.encode()) for n, v in ({"Host": "localhost"} | (headers or {})).items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8_080),
    }
    await app(scope, receive, send)
    start = sent[0]
    named = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], named, b"".join(message.get("body", b"") for message in sent[1:]))
