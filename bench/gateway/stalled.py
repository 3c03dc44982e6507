"""What readers that stopped cost the others in their room: from a bulk push to its receipt by every healthy reader."""

import asyncio
import socket
import time

import aiohttp
import yarl

from bench.figures import Latencies
from bench.gateway.alone import KEY_ID, SECRET, Client, Gateway, alone
from bench.gateway.located import located
from bench.report import Section, times
from chassis.sigv4_sign import sign
from contracts.connection_api import BULK_CONTENT_TYPE, Push, PushAnswer, PushRequest, decode_push_answer, encode_bulk

STALLED = (0, 10, 100)
HEALTHY, PUSHES, EVERY_S = 50, 150, 0.02
_FRAME, _FILLING = b"x" * 2_000, b"x" * 60_000
_SPARE_BYTES = 700_000
_AT_ONCE = 4


class Room:
    """All connections of one gateway, and a way to push to them."""

    def __init__(self, gateway: Gateway, http: aiohttp.ClientSession, epoch: str) -> None:
        self._gateway, self._http, self._epoch = gateway, http, epoch
        self._number = 0
        self.ids: dict[str, str] = {}

    async def push(self, payload: bytes, users: list[str], times_: int = 1) -> PushAnswer:
        self._number += 1
        request = PushRequest(
            gateway_id="gateway-1",
            epoch=self._epoch,
            worker_id="bench",
            number=self._number,
            pushes=tuple(Push(payload, tuple(self.ids[user] for user in users)) for _ in range(times_)),
        )
        url, body = f"http://127.0.0.1:{self._gateway.api_port}/prod/@pushes", encode_bulk(request)
        headers = {"content-type": BULK_CONTENT_TYPE}
        signed = sign("POST", url, headers, body, key_id=KEY_ID, secret=SECRET, region="us-east-1")
        async with self._http.post(yarl.URL(url, encoded=True), data=body, headers=signed) as answer:
            assert answer.status == 200, await answer.text()
            return decode_push_answer(await answer.read())


async def measure(stalled: tuple[int, ...] = STALLED) -> Section:
    """p50, p99 and the longest, with each number of stalled readers; and p99 as a multiple of that without any."""
    found = {count: await _with(count) for count in stalled}
    floor = found[stalled[0]].p99
    cells = [(str(count), *times(each), f"{each.p99 / floor:.2f}") for count, each in found.items()]
    title = f"Push → receipt by {HEALTHY} readers, beside stalled ones"
    return Section(title, ("stalled", "p50 ms", "p99 ms", "max ms", "count", "p99, times that without"), cells)


async def _with(count: int) -> Latencies:
    async with alone(KAIWA_OUTBOX_S="600") as gateway, aiohttp.ClientSession() as http:
        names = [f"healthy-{number}" for number in range(HEALTHY)]
        healthy = {name: await gateway.client(gateway.head(gateway.token(name))) for name in names}
        deaf = [await _deaf(gateway, f"deaf-{n}") for n in range(count + 1)]
        room = await _room(gateway, http, HEALTHY + count + 1)
        stuck = [f"deaf-{n}" for n in range(count)]
        await _fill(room, stuck, sacrificed=f"deaf-{count}")
        found = await _latencies(room, healthy, stuck)
        for one in deaf:
            one.close()
        return found


async def _fill(room: Room, stuck: list[str], *, sacrificed: str) -> None:
    """Fill what the kernel and the outbox hold, but for some; one is filled until it is closed, to learn how much."""
    capacity = 0
    while not (await room.push(_FILLING, [sacrificed])).slow:
        capacity += len(_FILLING)
    # A few at a time: a request's pushes wait in the outbox together until the loop's turn ends.
    for _ in range((capacity - _SPARE_BYTES) // (_AT_ONCE * len(_FILLING))):
        for start in range(0, len(stuck), _AT_ONCE):
            answer = await room.push(_FILLING, stuck[start : start + _AT_ONCE], _AT_ONCE)
            assert not answer.slow


async def _latencies(room: Room, healthy: dict[str, Client], stuck: list[str]) -> Latencies:
    everybody, found = [*healthy, *stuck], []
    for _ in range(PUSHES):
        for client in healthy.values():
            client.received_at.clear()
            client.frames.clear()
        began = time.perf_counter()
        answer = await room.push(_FRAME, everybody)
        assert not answer.slow
        await asyncio.gather(*(client.frames.wait() for client in healthy.values()))
        found += [client.received_at[0] - began for client in healthy.values()]
        await asyncio.sleep(EVERY_S)
    return Latencies.of(found)


async def _deaf(gateway: Gateway, user: str) -> socket.socket:
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", gateway.port))
    await loop.sock_sendall(raw, gateway.head(gateway.token(user)))
    assert (await loop.sock_recv(raw, 12)).endswith(b"101")
    return raw


async def _room(gateway: Gateway, http: aiohttp.ClientSession, count: int) -> Room:
    where = await located(gateway.bootstrap, count)
    made = Room(gateway, http, where.epoch)
    made.ids = where.ids
    return made
