"""Pushes: before the 101, in bulk, to the gone, to those who do not read (spec 2, 6 and 7)."""

import asyncio
import json
import socket
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from contracts.connections import Connected, Disconnected
from contracts.ids import new_connection_id, new_epoch
from tests import tokens
from tests.path.gateway_bench import Bench, Running, closed, frame, say, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(bench: Bench) -> Running:
    return await bench.start()


async def test_a_bulk_push_reaches_all_in_order_and_names_the_gone(bench: Bench, gateway: Running) -> None:
    users = [unique("user") for _ in range(3)]
    clients = [await bench.connect(gateway, user) for user in users]
    ids = [await bench.connection_id(user) for user in users]
    gone = new_connection_id(gateway.epoch)
    status, answer = await bench.bulk(gateway, (b'{"n":1}', [*ids, gone]), (b'{"n":2}', ids[:2]), (b'{"n":3}', ids))
    assert (status, answer.gone, answer.slow) == (200, (gone,), ())
    assert [(await frame(clients[0]))["n"] for _ in range(3)] == [1, 2, 3]
    assert [(await frame(clients[2]))["n"] for _ in range(2)] == [1, 3]


async def test_a_repeated_bulk_push_is_answered_and_not_pushed_again(bench: Bench, gateway: Running) -> None:
    user, worker = unique("user"), unique("worker")
    client = await bench.connect(gateway, user)
    pushes = (b'{"n":1}', [await bench.connection_id(user), new_connection_id(gateway.epoch)])
    first = await bench.bulk(gateway, pushes, worker_id=worker, number=7)
    assert await bench.bulk(gateway, pushes, worker_id=worker, number=7) == first
    await bench.bulk(gateway, pushes, worker_id=worker, number=6)
    await bench.bulk(gateway, (b'{"n":2}', pushes[1]), worker_id=worker, number=8)
    assert [(await frame(client))["n"] for _ in range(2)] == [1, 2]


async def test_another_epoch_or_gateway_is_421_and_nobody_is_gone(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user)
    push = (b'{"n":1}', [await bench.connection_id(user)])
    assert (await bench.bulk(gateway, push, epoch=new_epoch()))[0] == 421
    assert (await bench.bulk(gateway, push, gateway_id="another"))[0] == 421
    await say(client, "ping", id=1)
    assert (await frame(client))["type"] == "PONG"


async def test_those_to_close_are_closed_before_anything_is_pushed(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user)
    connection_id = await bench.connection_id(user)
    status, answer = await bench.bulk(gateway, (b'{"n":1}', [connection_id]), close=(connection_id,))
    assert (status, answer.gone) == (200, (connection_id,))
    assert await closed(client) == (4408, "behind")


async def test_a_bulk_push_that_is_none_is_400(bench: Bench, gateway: Running) -> None:
    for body in (b"", b"nonsense", b"\x81\xa1a\x01"):
        status, _, headers = await bench.signed("POST", f"{gateway.api_url}/@pushes", body)
        assert (status, headers["x-amzn-errortype"]) == (400, "BadRequestException")
    assert (await bench.bulk(gateway, (b"\xff", [])))[0] == 400


async def test_a_push_before_the_101_comes_right_after_it(engines: "RunningEngines", bench: Bench) -> None:
    slow = await bench.start()
    publisher = slow.gateway.parts.publisher
    acknowledged, enqueue = asyncio.Event(), publisher.enqueue

    def hold(message: object) -> "asyncio.Future[object]":
        future = enqueue(message)  # type: ignore[arg-type]

        async def later() -> object:
            position = await future
            await acknowledged.wait()
            return position

        return asyncio.ensure_future(later())

    publisher.enqueue = hold  # type: ignore[method-assign, assignment]
    user = unique("user")
    connecting = asyncio.create_task(bench.connect(slow, user))
    connection_id = await bench.connection_id(user)
    assert len(bench.log.of(Connected, user_id=user)) == 1
    status, answer = await bench.bulk(slow, *((json.dumps({"n": n}).encode(), [connection_id]) for n in range(3)))
    assert (status, answer.gone, connecting.done()) == (200, (), False)
    publisher.enqueue = enqueue  # type: ignore[method-assign]
    acknowledged.set()
    client = await connecting
    assert [(await frame(client))["n"] for _ in range(3)] == [0, 1, 2]


async def stalled(bench: Bench, running: Running, user: str) -> socket.socket:
    """A client that opened its WebSocket and reads nothing more."""
    raw = socket.create_connection(("127.0.0.1", running.gateway.port))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    request = (
        f"GET /prod?token={tokens.token(tokens.claims(sub=user))} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await loop.sock_sendall(raw, request.encode())
    assert (await loop.sock_recv(raw, 12)).endswith(b"101")
    return raw


async def test_one_who_does_not_read_is_closed_and_delays_nobody(bench: Bench, gateway: Running) -> None:
    users = unique("deaf"), unique("reader")
    raw = await stalled(bench, gateway, users[0])
    reader = await bench.connect(gateway, users[1], max_size=None)
    ids = [await bench.connection_id(user) for user in users]
    slow: tuple[str, ...] = ()
    for number in range(200):
        payload = json.dumps({"n": number, "padding": "x" * 60_000}).encode()
        _, answer = await bench.bulk(gateway, (payload, ids))
        assert (await frame(reader, within_s=2))["n"] == number
        slow = slow + answer.slow
        if answer.gone:
            break
    assert slow == (ids[0],)
    (ended,) = await eventually(lambda: bench.log.of(Disconnected, connection_id=ids[0]))
    assert (ended.code, ended.reason) == (4408, "behind")
    assert not bench.log.of(Disconnected, connection_id=ids[1])
    raw.close()


async def test_one_who_reads_too_slowly_gets_the_close_code_when_it_reads_again(bench: Bench) -> None:
    small = await bench.start(outbox_bytes=64 * 1024)
    user = unique("user")
    client = await bench.connect(small, user, max_size=None, max_queue=1)
    connection_id = await bench.connection_id(user)
    payload = b"x" * 30_000
    answers = [(await bench.bulk(small, (payload, [connection_id] * 4)))[1] for _ in range(200)]
    assert any(answer.slow for answer in answers)
    while True:
        try:
            await asyncio.wait_for(client.recv(), 5)
        except Exception:  # noqa: BLE001 - whatever ends it, the code is looked at below
            break
    assert client.close_code == 4408


async def test_bytes_that_wait_for_too_long_close_it_too(bench: Bench) -> None:
    impatient = await bench.start(outbox_s=1.0)
    user = unique("deaf")
    raw = await stalled(bench, impatient, user)
    connection_id = await bench.connection_id(user)
    room = 8 * 1024 * 1024
    sent = 0
    while impatient.gateway.parts.registry.get(connection_id) is not None and sent < room:
        connection = impatient.gateway.parts.registry.get(connection_id)
        assert connection is not None
        if connection.outbox.waiting > 100_000:
            break
        await bench.bulk(impatient, (b"x" * 60_000, [connection_id]))
        sent += 60_000
    (ended,) = await eventually(lambda: bench.log.of(Disconnected, connection_id=connection_id))
    assert ended.code == 4408
    raw.close()
