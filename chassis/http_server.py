"""uvicorn inside a process that has a lifecycle of its own: bound before anything else starts, no signal handlers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn

from chassis.settings import SettingsError

BACKLOG = 4096


class PortTaken(SettingsError):
    """Somebody else listens there."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave signals to the process: it drains in its own order."""
        yield


def bind(host: str, port: int, *, setting: str) -> socket.socket:
    """A listening socket; raises PortTaken naming the setting to change. Port 0: any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's delay (40 ms an answer) off only where the protocol is named.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise PortTaken(f"{setting}: {host}:{port} cannot be listened on ({error.strerror})") from None
    sock.setblocking(False)
    return sock


def port_of(sock: socket.socket) -> int:
    """The port that a socket listens on."""
    return int(sock.getsockname()[1])


def server(app: Any, **options: Any) -> uvicorn.Server:
    """A uvicorn server without access log, banner, lifespan and signal handlers."""
    defaults: dict[str, Any] = {
        "access_log": False,
        "log_config": None,
        "lifespan": "off",
        "server_header": False,
        "timeout_keep_alive": 75,
        "http": "httptools",
        "loop": "none",
        "ws": "none",
    }
    return _Server(uvicorn.Config(app, **(defaults | options)))


@contextlib.asynccontextmanager
async def serving(app: Any, sock: socket.socket, **options: Any) -> AsyncIterator[uvicorn.Server]:
    """Serve `app` on `sock` inside the block; requests under way get 5 s to end."""
    running = server(app, timeout_graceful_shutdown=5, **options)
    task = asyncio.create_task(running.serve(sockets=[sock]))
    try:
        while not running.started:
            if task.done():
                task.result()
                raise RuntimeError("the HTTP server ended at its start")
            await asyncio.sleep(0.005)
        yield running
    finally:
        running.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        sock.close()
