"""Readers that stop, that read a byte a second, that are simply gone: the others notice nothing (spec 7)."""

import asyncio
import json
from dataclasses import dataclass, field

import pytest
from prometheus_client import REGISTRY

from contracts.connections import Disconnected
from tests import tokens
from tests.balancer import balancer
from tests.path.gateway_bench import Bench, Running, frame, unique
from tests.path.test_gateway_pushes import stalled
from tests.waiting import eventually

pytestmark = pytest.mark.engine

HEALTHY, BAD, PUSHES = 3, 6, 90
PADDING = "x" * 60_000
LIMIT = 256 * 1024


@dataclass
class Room:
    """Connections that all get the same pushes."""

    bench: Bench
    gateway: Running
    healthy: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    most_waiting: int = 0

    def waiting(self) -> int:
        """Bytes that the gateway holds for its connections now."""
        return sum(connection.outbox.waiting for connection in self.gateway.gateway.parts.registry)

    async def push_all(self, clients: list[asyncio.Task[list[int]]]) -> None:
        """Every push to everybody; each healthy reader must get all of them, in order, while the bad do not read."""
        for number in range(PUSHES):
            payload = json.dumps({"n": number, "padding": PADDING}).encode()
            await self.bench.bulk(self.gateway, (payload, [*self.healthy, *self.bad]))
            self.most_waiting = max(self.most_waiting, self.waiting())
        for client in clients:
            assert await asyncio.wait_for(client, 20) == list(range(PUSHES))


async def read_all(bench: Bench, gateway: Running, user: str) -> asyncio.Task[list[int]]:
    client = await bench.connect(gateway, user, max_size=None)

    async def numbers() -> list[int]:
        return [(await frame(client, within_s=20))["n"] for _ in range(PUSHES)]

    return asyncio.create_task(numbers())


def behind() -> float:
    names = ("outbox_bytes", "outbox_s")
    return sum(REGISTRY.get_sample_value("kaiwa_gateway_limits_total", {"limit": name}) or 0 for name in names)


async def byte_by_byte(bench: Bench, gateway: Running, user: str) -> asyncio.Task[None]:
    raw = await stalled(bench, gateway, user)

    async def read() -> None:
        with raw:
            while await asyncio.get_running_loop().sock_recv(raw, 1):  # noqa: ASYNC110 - the pace is the point
                await asyncio.sleep(1.0)

    return asyncio.create_task(read())


@pytest.mark.parametrize("kind", ["stopped", "a byte a second"])
async def test_who_does_not_keep_up_is_closed_and_costs_the_others_nothing(bench: Bench, kind: str) -> None:
    gateway = await bench.start(outbox_bytes=LIMIT, outbox_s=3.0)
    room, before = Room(bench, gateway), behind()
    users = [unique("healthy") for _ in range(HEALTHY)]
    clients = [await read_all(bench, gateway, user) for user in users]
    slow = [unique("slow") for _ in range(BAD)]
    bad = [await (stalled if kind == "stopped" else byte_by_byte)(bench, gateway, user) for user in slow]
    room.healthy = [await bench.connection_id(user) for user in users]
    room.bad = [await bench.connection_id(user) for user in slow]
    await room.push_all(clients)

    def ended() -> list[Disconnected]:
        return [event for user in slow for event in bench.log.of(Disconnected, user_id=user)]

    await eventually(lambda: len(ended()) == BAD, within_s=20)
    assert {(event.code, event.reason) for event in ended()} == {(4408, "behind")}
    assert behind() == before + BAD
    assert room.most_waiting <= (BAD + HEALTHY) * (LIMIT + len(PADDING))
    await eventually(lambda: room.waiting() == 0)
    assert not [event for user in users for event in bench.log.of(Disconnected, user_id=user)]
    for one in bad:
        one.cancel() if isinstance(one, asyncio.Task) else one.close()


async def test_who_vanishes_without_a_word_is_lost_and_retired(bench: Bench) -> None:
    # Room for all that is pushed, whatever the sockets of this machine take: it is not to be closed for being behind.
    gateway = await bench.start(ping_interval_s=0.4, pong_timeout_s=0.6, outbox_bytes=2 * PUSHES * len(PADDING))
    other, gone = unique("healthy"), unique("gone")
    client = await read_all(bench, gateway, other)
    async with balancer(gateway.gateway.port) as way:
        import websockets

        url = f"ws://127.0.0.1:{way.port}/prod?token={tokens.token(tokens.claims(sub=gone))}"
        lost = await websockets.connect(url, proxy=None, ping_interval=None)
        bench.clients.append(lost)
        room = Room(bench, gateway, [await bench.connection_id(other)], [await bench.connection_id(gone)])
        way.vanish()
        await room.push_all([client])
        (event,) = await eventually(lambda: bench.log.of(Disconnected, user_id=gone))
        assert (event.code, event.reason) == (1006, "Connection lost")
        assert not bench.log.of(Disconnected, user_id=other)
