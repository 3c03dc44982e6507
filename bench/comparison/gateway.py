"""Kaiwa's gateway alone, on a broker of its own: publications are signed bulk requests, as fan-out sends them."""

import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.comparison.target import Saturation
from bench.gateway.alone import KEY_ID, SECRET, Gateway, alone
from bench.gateway.located import located
from bench.load.generator import Batch, Generator, Talk, running
from bench.load.outcome import Connected
from bench.load.prepared import handshake, payload, post
from bench.peers import made
from chassis.sigv4_sign import sign
from contracts.connection_api import BULK_CONTENT_TYPE, Push, PushRequest, encode_bulk

NAME = "Kaiwa's gateway"
_TARGET = "/prod/@pushes"
_PATIENT = {"KAIWA_PONG_TIMEOUT_S": "300", "KAIWA_IDLE_S": "3600"}
_SPARE = 200
"""Connections more than are measured: those that were dropped may not be gone yet."""


@dataclass
class _Worker:
    """One of several that push, each with its own numbers (spec 6)."""

    name: str
    numbers: Iterator[int] = field(default_factory=count)


class RunningGateway:
    """See Target."""

    name = NAME
    most_recipients = 1_000
    at_once = 50
    rates: tuple[float, ...] = ()
    saturations = (Saturation(16), Saturation(4, 16))

    def __init__(self, gateway: Gateway, generator: Generator) -> None:
        self._gateway = gateway
        self.generator = generator
        self.pids: Mapping[str, int] = {"gateway": gateway.process.pid}
        self.beside: Mapping[str, int] = {}
        self.http_port = gateway.api_port
        self._epoch, self._ids = "", tuple[str, ...]()
        self._connections = 0
        self.groups = 1
        """Publication n goes to the connections n modulo this."""
        self._workers: dict[int, _Worker] = {}

    async def grow(self, to: int) -> Connected:
        more, self._connections = to - self._connections, to
        made = await self.generator.connect(more, at_once=self.at_once)
        where = await located(self._gateway.bootstrap, to)
        self._epoch, self._ids = where.epoch, tuple(where.ids[_user(number)] for number in range(to))
        return made

    def batch(self, run: int, requests: int, *, pipes: int, bundle: int) -> Batch:
        made = (self._request(run, each, each % pipes, bundle) for each in range(requests))
        return Batch(run, tuple(made), bundle, self.groups)

    async def drop(self) -> None:
        """Reset all connections."""
        await self.generator.drop()
        self._connections = 0

    def _request(self, run: int, each: int, pipe: int, bundle: int) -> bytes:
        worker = self._workers.setdefault(pipe, _Worker(f"bench-{pipe}"))
        accepted_ms = int(time.time() * 1000)
        numbers = range(each * bundle, (each + 1) * bundle)
        request = PushRequest(
            gateway_id="gateway-1",
            epoch=self._epoch,
            worker_id=worker.name,
            number=next(worker.numbers),
            pushes=tuple(Push(payload(run, number).encode(), self._reached(number), accepted_ms) for number in numbers),
        )
        return self._signed(encode_bulk(request))

    def _reached(self, number: int) -> tuple[str, ...]:
        return self._ids[number % self.groups :: self.groups]

    def _signed(self, body: bytes) -> bytes:
        host = f"127.0.0.1:{self.http_port}"
        given = {"content-type": BULK_CONTENT_TYPE}
        url = f"http://{host}{_TARGET}"
        headers = sign("POST", url, given, body, key_id=KEY_ID, secret=SECRET, region="us-east-1")
        return post(_TARGET, [("Host", host), *headers.items()], body)


def _user(number: int) -> str:
    return f"user-{number}"


@asynccontextmanager
async def started(most_connections: int) -> AsyncIterator[RunningGateway]:
    """A fresh gateway that bears with silent clients. Raises made.Absent where there is no load generator."""
    program = made.generator()
    with tempfile.TemporaryDirectory(prefix="kaiwa-bench-") as folder:
        connections = str(most_connections + _SPARE)
        async with (
            alone(KAIWA_CONNECTIONS=connections, **_PATIENT) as gateway,
            running(program, Path(folder)) as generator,
        ):
            heads = (
                handshake(f"/prod?token={gateway.token(_user(number))}", number) for number in range(most_connections)
            )
            await generator.begin(gateway.port, heads, Talk())
            yield RunningGateway(gateway, generator)
