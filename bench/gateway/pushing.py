"""Signed bulk pushes over one raw connection, as cheap for whoever sends them as can be."""

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer

from bench.gateway.alone import KEY_ID, SECRET, Gateway
from chassis.sigv4_sign import sign
from contracts.connection_api import BULK_CONTENT_TYPE, Push, PushAnswer, PushRequest, encode_bulk
from contracts.connections import Connected
from contracts.topics import CONNECTIONS, GATEWAYS

_REACHED_ALL = encode_bulk(PushAnswer())


@dataclass(frozen=True, slots=True)
class Where:
    """What the log says of a gateway: its epoch, and who has which connection."""

    epoch: str
    ids: dict[str, str]


async def located(gateway: Gateway, count: int) -> Where:
    """Where `count` people are."""
    ids: dict[str, str] = {}
    epoch = ""
    async with AIOKafkaConsumer(
        CONNECTIONS.name, GATEWAYS.name, bootstrap_servers=gateway.bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        while len(ids) < count or not epoch:
            async with asyncio.timeout(20):
                message = await consumer.getone()
            event = (CONNECTIONS if message.topic == CONNECTIONS.name else GATEWAYS).decode(message.value)
            epoch = getattr(event, "epoch", epoch)
            if isinstance(event, Connected):
                ids[event.user_id] = event.connection_id
    return Where(epoch, ids)


class BulkCaller:
    """One connection to the connection API; one request under way."""

    def __init__(self, gateway: Gateway, epoch: str, worker_id: str) -> None:
        self._url = f"http://127.0.0.1:{gateway.api_port}/prod/@pushes"
        self._host, self._port = "127.0.0.1", gateway.api_port
        self._epoch, self._worker_id = epoch, worker_id
        self._gateway_id = "gateway-1"
        self._number = 0

    async def start(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    def close(self) -> None:
        self._writer.close()

    async def push(self, payload: bytes, ids: tuple[str, ...], times: int = 1) -> None:
        """`payload` to all of `ids`, `times` over in one request; asserts that it is taken and reaches everybody."""
        self._number += 1
        request = PushRequest(
            gateway_id=self._gateway_id, epoch=self._epoch, worker_id=self._worker_id, number=self._number,
            pushes=tuple(Push(payload, ids) for _ in range(times)),
        )  # fmt: skip
        body = encode_bulk(request)
        self._writer.write(self._head(body) + body)
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert await self._reader.readexactly(size) == _REACHED_ALL

    def _head(self, body: bytes) -> bytes:
        headers = {"content-type": BULK_CONTENT_TYPE}
        signed = sign("POST", self._url, headers, body, key_id=KEY_ID, secret=SECRET, region="us-east-1")
        # The others are those that fan-out's HTTP client adds.
        lines = [f"Host: {self._host}:{self._port}", *(f"{name}: {value}" for name, value in signed.items())]
        lines += ["Accept: */*", "Accept-Encoding: gzip, deflate", "User-Agent: bench", f"Content-Length: {len(body)}"]
        return "\r\n".join(["POST /prod/@pushes HTTP/1.1", *lines, "\r\n"]).encode()
