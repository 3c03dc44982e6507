"""A gateway as fan-out meets it: an HTTP server's side of contracts/connection_api."""

import asyncio
import json
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from contracts.connection_api import PushAnswer, PushRequest, decode_push_request, encode_bulk
from contracts.ids import new_epoch

if TYPE_CHECKING:
    pass


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def unique(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


@dataclass
class Gateway:
    """One epoch of a gateway: remembers what each connection got; may stall, be silent, or be another epoch."""

    gateway_id: str = field(default_factory=lambda: unique("gw"))
    epoch: str = field(default_factory=new_epoch)
    requests: list[PushRequest] = field(default_factory=list)
    frames: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    closed: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    status: int = 200
    open: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open.set()

    async def answer(self, request: web.Request) -> web.Response:
        body = decode_push_request(await request.read())
        await self.open.wait()
        if self.status != 200:
            return web.Response(status=self.status)
        if (body.gateway_id, body.epoch) != (self.gateway_id, self.epoch):
            return web.Response(status=421)
        if body.number > self.numbers.get(body.worker_id, 0):
            self.numbers[body.worker_id] = body.number
            self.take(body)
        named = {name for push in body.pushes for name in push.connection_ids}
        return web.Response(body=encode_bulk(PushAnswer(gone=tuple(sorted(named & self.gone)))))

    def take(self, body: PushRequest) -> None:
        self.requests.append(body)
        self.closed.extend(body.close)
        self.gone.update(body.close)
        for push in body.pushes:
            for connection_id in push.connection_ids:
                if connection_id not in self.gone:
                    self.frames[connection_id].append(json.loads(push.payload))

    def seqs(self, connection_id: str) -> list[int]:
        return [frame["seq"] for frame in self.frames[connection_id] if frame["type"] == "MESSAGE"]

    def types(self, connection_id: str) -> list[str]:
        return [frame["type"] for frame in self.frames[connection_id]]
