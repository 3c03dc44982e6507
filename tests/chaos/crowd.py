"""Thousands of connections of people who are in no room: they come, break all at once, and all come back."""

import asyncio
import contextlib

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from chassis.backoff import Backoff
from tests.people import Town

CONNECTIONS_OF_ONE = 10
"""Half of what one person may have (spec 7)."""
AT_ONCE = 64
"""Handshakes under way while the crowd gathers; there is no such limit when it comes back."""
OPEN_S = 30.0
FIRST_S, MOST_S = 0.5, 8.0
"""Between two tries of one who was not let in."""


class Crowd:
    """`gather`, then `reconnect`, then `disperse`."""

    def __init__(self, town: Town, gateways: tuple[str, ...], tag: str) -> None:
        self._town, self._gateways, self._tag = town, gateways, tag
        self._sockets: list[ClientConnection] = []

    async def gather(self, count: int) -> int:
        """Connect so many, some at a time; returns how many were let in."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> bool:
            async with turns:
                return await self._comes(number)

        return sum(await asyncio.gather(*map(one, range(count))))

    async def reconnect(self, within_s: float) -> int:
        """Everybody's connection breaks without FIN, and everybody comes back now; returns how many have in time."""
        count = len(self._sockets)
        await self.disperse()
        comings = [asyncio.create_task(self._comes_again(number)) for number in range(count)]
        _, late = await asyncio.wait(comings, timeout=within_s) if comings else (set(), set())
        for coming in late:
            coming.cancel()
        return len(self._sockets)

    async def disperse(self) -> None:
        """All go, without a word."""
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            socket.transport.abort()
        await asyncio.gather(*(socket.wait_closed() for socket in sockets), return_exceptions=True)

    async def _comes_again(self, number: int) -> None:
        pause = Backoff(first_s=FIRST_S, most_s=MOST_S)
        while not await self._comes(number):
            await pause.wait()

    async def _comes(self, number: int) -> bool:
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            gateway = self._gateways[number % len(self._gateways)]
            base = self._town.described()["processes"][gateway]["websocketUrl"]
            token = await self._town.token(f"{self._tag}-{number // CONNECTIONS_OF_ONE}")
            self._sockets.append(await connect(f"{base}?token={token}", compression=None, open_timeout=OPEN_S))
            return True
        return False
