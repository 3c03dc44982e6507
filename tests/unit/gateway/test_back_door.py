import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from gateway.back_door import BackDoor

Application = Callable[[Any, Any, Any], Awaitable[None]]


class Wire(asyncio.Transport):
    """Keeps each write apart."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed_after: int | None = None

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed_after is not None

    def close(self) -> None:
        self.closed_after = len(self.writes)

    def resume_reading(self) -> None:
        pass


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"body"})


@asynccontextmanager
async def called(app: Application, wire: Wire, head: bytes = b"") -> AsyncIterator[BackDoor]:
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
    protocol = BackDoor(config, ServerState(), {})
    protocol.connection_made(wire)
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
    for _ in range(5):
        await asyncio.sleep(0)
    yield protocol
    protocol.connection_lost(None)


async def test_head_and_body_of_an_answer_are_one_write() -> None:
    wire = Wire()
    async with called(answer, wire):
        (written,) = wire.writes
        assert written.startswith(b"HTTP/1.1 200")
        assert written.endswith(b"\r\n\r\nbody")


async def test_an_answer_follows_what_was_put_down_for_the_end_of_the_turn_before_it() -> None:
    wire = Wire()

    async def push(scope: Any, receive: Any, send: Any) -> None:
        asyncio.get_running_loop().call_soon(wire.write, b"frame")
        await answer(scope, receive, send)

    async with called(push, wire):
        assert wire.writes[0] == b"frame"
        assert len(wire.writes) == 2


async def test_an_answer_is_whole_before_the_connection_is_closed() -> None:
    wire = Wire()
    async with called(answer, wire, b"Connection: close\r\n"):
        assert wire.writes[0].endswith(b"body")
        assert wire.closed_after == 1
