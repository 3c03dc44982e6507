"""One gateway process, and clients light enough to be ten thousand."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from chassis.settings import KafkaSettings
from chassis.topics import ensure_topics
from deploy.local.engines import Engines
from deploy.local.ports import free_port

ISSUER, CLIENT, KEY_ID, SECRET = "https://issuer.example", "bench", "bench-key", "bench-secret"
_PONG = b"\x8a\x80\0\0\0\0"


class Client(asyncio.Protocol):
    """One connection: `opened` resolves to the status; then it counts frames and answers pings."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self.opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self.code = 0
        self.frames = asyncio.Event()
        self.received_at: list[float] = []
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._head)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.opened.done():
            head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            self.opened.set_result(int(head.split(b" ", 2)[1]))
        while (size := _frame_size(self._buffer)) is not None:
            self._take(self._buffer[:size])
            self._buffer = self._buffer[size:]

    def _take(self, frame: bytes) -> None:
        assert self.transport is not None
        opcode = frame[0] & 0x0F
        if opcode == 0x9:
            self.transport.write(_PONG)
        elif opcode == 0x8:
            self.code = int.from_bytes(frame[2:4])
            self.transport.write(b"\x88\x82\0\0\0\0" + frame[2:4])
        else:
            self.received_at.append(time.perf_counter())
            self.frames.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.code = self.code or 1006
        if not self.opened.done():
            self.opened.set_result(0)


def _frame_size(data: bytes) -> int | None:
    if len(data) < 2:
        return None
    size, head = data[1] & 0x7F, 2
    if size >= 126:
        head = 4 if size == 126 else 10
        size = int.from_bytes(data[2:head])
    return head + size if len(data) >= head + size else None


@dataclass
class Gateway:
    """The process, and how to reach it."""

    process: asyncio.subprocess.Process
    port: int
    api_port: int
    bootstrap: str
    key: rsa.RSAPrivateKey
    output: bytearray

    @property
    def entry(self) -> Mapping[str, Any]:
        """As cluster.json names a process."""
        return {"gateway": {"pid": self.process.pid}}

    def token(self, user: str) -> str:
        now = int(time.time())
        claims = {"sub": user, "iss": ISSUER, "aud": CLIENT, "token_use": "id", "iat": now, "exp": now + 3600}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "k"})

    def head(self, token: str) -> bytes:
        return (
            f"GET /prod?token={token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()

    async def client(self, head: bytes) -> Client:
        _, made = await asyncio.get_running_loop().create_connection(lambda: Client(head), "127.0.0.1", self.port)
        await made.opened
        return made

    async def clients(self, count: int, *, at_once: int = 50) -> list[Client]:
        """So many connections, of as many users."""
        found: list[Client] = []
        for start in range(0, count, at_once):
            users = (f"user-{number}" for number in range(start, min(start + at_once, count)))
            # Signing takes a millisecond each: all at once, pings would go unanswered meanwhile.
            heads = [self.head(self.token(user)) for user in users]
            found += await asyncio.gather(*map(self.client, heads))
        return found


@asynccontextmanager
async def alone(**settings: str) -> AsyncIterator[Gateway]:
    """A ready gateway; killed at the end if it still runs."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with Engines() as engines:
        bootstrap = (await asyncio.to_thread(engines.kafka)).bootstrap
        await ensure_topics(KafkaSettings(kafka_bootstrap=bootstrap))
        async with _keys(key) as jwks_url:
            made = await _started(key, bootstrap, jwks_url, settings)
            reading = asyncio.create_task(_read(made))
            try:
                yield made
            finally:
                if made.process.returncode is None:
                    made.process.kill()
                await made.process.wait()
                await reading


async def _started(key: rsa.RSAPrivateKey, bootstrap: str, jwks_url: str, settings: Mapping[str, str]) -> Gateway:
    port, api_port, health = free_port(), free_port(), free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "KAIWA_KAFKA_BOOTSTRAP": bootstrap,
        "KAIWA_ISSUER": ISSUER,
        "KAIWA_CLIENT_ID": CLIENT,
        "KAIWA_JWKS_URL": jwks_url,
        "KAIWA_GATEWAY_PORT": str(port),
        "KAIWA_CONNECTION_API_PORT": str(api_port),
        "KAIWA_HEALTH_PORT": str(health),
        "KAIWA_ACCESS_KEY_ID": KEY_ID,
        "KAIWA_SECRET_ACCESS_KEY": SECRET,
        "KAIWA_CONNECTION_RATE": "100000",
        "KAIWA_CONNECTION_BURST": "100000",
        "KAIWA_LOG_LEVEL": "warning",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", env=environ,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    made = Gateway(process, port, api_port, bootstrap, key, bytearray())
    await _ready(health)
    return made


async def _ready(port: int) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(600):
            try:
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError("the gateway did not become ready")


async def _read(made: Gateway) -> None:
    assert made.process.stdout is not None
    while part := await made.process.stdout.read(65_536):
        made.output += part


@asynccontextmanager
async def _keys(key: rsa.RSAPrivateKey) -> AsyncIterator[str]:
    numbers = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    document = json.dumps({"keys": [{"kty": "RSA", "kid": "k", "n": numbers["n"], "e": numbers["e"]}]})

    async def publish(_request: web.Request) -> web.Response:
        return web.Response(text=document, content_type="application/json")

    application = web.Application()
    application.router.add_get("/jwks.json", publish)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json"
    finally:
        await runner.cleanup()
