"""The systems of the comparison, and how each is started. Versions are pinned in the files beside this one."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers import dialects, made
from bench.peers.dialects import Dialect
from bench.peers.serving import Program
from deploy.local.ports import free_block, free_port


@dataclass(frozen=True, slots=True)
class Peer:
    """One system."""

    name: str
    dialect: Callable[[], Dialect]
    programs: Callable[[Path], Sequence[Program]]
    """Of a folder for its files: what to start, the one to connect to last. Raises made.Absent."""
    most_recipients: int = 1_000
    idle: tuple[int, ...] = (2_000, 10_000)
    """Numbers of idle connections at which its memory is read."""
    window: int = 16
    """Publications outstanding when it is saturated."""
    at_once: int = 50
    """Handshakes side by side."""
    rates: tuple[float, ...] = ()
    """Publications a second to measure at, where the usual ones are too many."""


def _floor(_folder: Path) -> list[Program]:
    port = free_port()
    return [Program("floor", [str(made.floor()), str(port)], port)]


def _uvloop_floor(_folder: Path) -> list[Program]:
    port = free_port()
    return [Program("floor", [sys.executable, str(made.PYTHON / "uvloop_floor.py"), str(port)], port)]


def _nats(folder: Path) -> list[Program]:
    program, port = made.go_program("nats-server", "github.com/nats-io/nats-server/v2"), free_block(2)
    settings = folder / "nats.conf"
    settings.write_text(
        f"host: 127.0.0.1\nport: {port}\nwebsocket {{ host: 127.0.0.1, port: {port + 1}, no_tls: true }}\n"
    )
    return [Program("nats", [str(program), "-c", str(settings)], port + 1)]


def _centrifuge(_folder: Path) -> list[Program]:
    port = free_port()
    options = ["-address", f"127.0.0.1:{port}", "-secret", dialects.TOKEN_SECRET, "-key", dialects.API_KEY]
    return [Program("centrifuge", [str(made.go_program("centrifuge", "./centrifuge")), *options], port)]


def _on_redis(app: str, *options: str) -> Callable[[Path], Sequence[Program]]:
    def programs(_folder: Path) -> list[Program]:
        tools, port = made.python_tools(), free_block(2)
        redis = [str(made.redis_server()), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        uvicorn = [
            str(tools / "python"), "-m", "uvicorn", f"{app}:app", "--app-dir", str(made.PYTHON), "--host", "127.0.0.1",
            "--port", str(port + 1), "--loop", "uvloop", "--http", "httptools", "--log-level", "warning",
            "--no-access-log", *options,
        ]  # fmt: skip
        environ = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "PYTHONDONTWRITEBYTECODE": "1"}
        return [Program("redis", redis, port), Program("server", uvicorn, port + 1, environ)]

    return programs


def _serverless(folder: Path) -> list[Program]:
    modules, environ = made.serverless()
    for name in ("package.json", "serverless.yml", "handler.js"):
        shutil.copy(made.SERVERLESS / name, folder)
    (folder / "node_modules").symlink_to(modules)
    port = free_block(3)
    own = {
        "PORT_HTTP": str(port),
        "PORT_WEBSOCKET": str(port + 1),
        "PORT_LAMBDA": str(port + 2),
        "CONNECTIONS": str(folder / "connections"),
        "CONNECTION_API": f"http://127.0.0.1:{port + 1}",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "SLS_TELEMETRY_DISABLED": "1",
        "SLS_NOTIFICATIONS_MODE": "off",
    }
    argv = ["node", str(modules / "serverless" / "bin" / "serverless.js"), "offline", "start"]
    return [Program("serverless", argv, port + 1, {**environ, **own}, folder)]


FLOOR, UVLOOP_FLOOR = "floor in C", "floor on uvloop"
NATS, CENTRIFUGE, CENTRIFUGE_HTTP = "NATS", "centrifuge", "centrifuge, published over HTTP"
SOCKETIO, CHANNELS, SOURCE_DESIGN = "python-socketio + Redis", "Django Channels + Redis", "serverless-offline"

PEERS: tuple[Peer, ...] = (
    Peer(FLOOR, dialects.plain, _floor),
    Peer(UVLOOP_FLOOR, dialects.plain, _uvloop_floor),
    Peer(NATS, dialects.nats, _nats),
    Peer(CENTRIFUGE, dialects.centrifuge, _centrifuge),
    Peer(CENTRIFUGE_HTTP, dialects.centrifuge_over_http, _centrifuge, idle=()),
    Peer(SOCKETIO, dialects.socketio, _on_redis("socketio_app"), idle=(2_000,)),
    Peer(
        CHANNELS, lambda: dialects.plain("/ws", b"ready"), _on_redis("channels_app", "--lifespan", "off"), idle=(2_000,)
    ),
    Peer(SOURCE_DESIGN, dialects.serverless, _serverless, 100, (500,), window=4, at_once=4, rates=(2.0,)),
)
