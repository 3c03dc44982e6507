"""A gateway in memory, as pushers see it."""

import asyncio

from contracts.connection_api import PushAnswer, PushRequest, decode_push_request
from services.fanout.push_client import NoAnswer


class Gateway:
    """Remembers requests, answers them, is silent while `silent`."""

    def __init__(self) -> None:
        self.requests: list[PushRequest] = []
        self.addresses: list[str] = []
        self.traceparents: list[bytes | None] = []
        self.silent = False
        self.errors: list[Exception] = []
        self.gone: frozenset[str] = frozenset()
        self.gate = asyncio.Event()
        self.gate.set()

    async def push(self, address: str, body: bytes, traceparent: bytes | None = None) -> PushAnswer:
        self.addresses.append(address)
        self.traceparents.append(traceparent)
        self.requests.append(decode_push_request(body))
        await self.gate.wait()
        if self.silent:
            raise NoAnswer("silent")
        if self.errors:
            raise self.errors.pop(0)
        named = {name for push in self.requests[-1].pushes for name in push.connection_ids}
        return PushAnswer(gone=tuple(sorted(named & self.gone)))

    @property
    def pushed(self) -> list[str]:
        """Message ids, in order."""
        return [push.payload.decode().strip('"') for request in self.requests for push in request.pushes]
