"""Every limit of spec 7 as data: its setting, how it is met, what the one who meets it sees, and that it is counted."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
import websockets
from prometheus_client import REGISTRY

from contracts.controls import CloseConnection, SessionsRevoked
from contracts.ids import new_connection_id, new_event_id
from contracts.timestamps import iso
from contracts.topics import CONTROLS
from gateway.metrics import Limit
from tests import tokens
from tests.path.gateway_bench import Bench, Running, closed, connection_url, frame, say, unique
from tests.path.test_gateway_handshake import refused
from tests.path.test_gateway_pushes import stalled
from tests.waiting import eventually

pytestmark = pytest.mark.engine


Provoke = Callable[[Bench, Running], Awaitable[object]]


async def too_long(bench: Bench, running: Running) -> object:
    client = await bench.connect(running, unique("user"))
    await client.send(["x" * 30_000] * 4)
    await client.send(["x" * 30_000] * 5)
    return await closed(client)


async def too_large(bench: Bench, running: Running) -> object:
    client = await bench.connect(running, unique("user"))
    await client.send("x" * 32_768)
    await client.send("x" * 32_769)
    return await closed(client)


async def binary(bench: Bench, running: Running) -> object:
    client = await bench.connect(running, unique("user"))
    await client.send(b"binary")
    return await closed(client)


async def silence(bench: Bench, running: Running) -> object:
    return await closed(await bench.connect(running, unique("user"), features="read"))


async def expiry(bench: Bench, running: Running) -> object:
    token = tokens.token(tokens.claims(sub=unique("user"), exp=int(time.time()) + 1))
    client = await websockets.connect(f"{running.url}?token={token}&features=read", proxy=None)
    bench.clients.append(client)
    return await closed(client)


async def mute(bench: Bench, running: Running) -> object:
    client = await bench.connect(running, unique("user"))
    client.transport.pause_reading()
    await eventually(lambda: len(running.gateway.parts.registry) == 0)
    return "lost"


async def two_messages(bench: Bench, running: Running) -> object:
    client = await bench.connect(running, unique("user"))
    for number in range(2):
        await say(client, "sendMessage", chatRoomId="r", content="hello", clientMessageId=f"k{number}")
    answers = {answer["clientMessageId"]: answer for answer in [await frame(client), await frame(client)]}
    error = answers["k1"]
    return error["code"], error["retryable"], 0 < error.get("retryAfterMs", 0) <= 10_001


async def too_many_words(bench: Bench, running: Running) -> object:
    client = await bench.connect(running, unique("user"))
    await say(client, "sendMessage", chatRoomId="r", content="12345", clientMessageId="five")
    assert (await frame(client))["type"] == "ACK"
    await say(client, "sendMessage", chatRoomId="r", content="123456", clientMessageId="six")
    error = await frame(client)
    return error["code"], error["retryable"]


async def one_more(bench: Bench, running: Running) -> object:
    await bench.connect(running, unique("user"))
    return (await refused(f"{running.url}?token={tokens.token()}"))[:2]


async def flooded(bench: Bench, running: Running) -> object:
    user = unique("deaf")
    raw = await stalled(bench, running, user)
    connection_id = await bench.connection_id(user)

    async def gone() -> bool:
        await bench.bulk(running, (b"x" * 30_000, [connection_id] * 20))
        return running.gateway.parts.registry.get(connection_id) is None

    await eventually(gone)
    raw.close()
    return "closed"


async def dropped(bench: Bench, running: Running) -> object:
    user = unique("user")
    client = await bench.connect(running, user)
    await bench.bulk(running, close=(await bench.connection_id(user),))
    return await closed(client)


async def revoked(bench: Bench, running: Running) -> object:
    user = unique("user")
    client = await bench.connect(running, user)
    later = iso(int(time.time() * 1000) + 2_000)
    order = SessionsRevoked(event_id=new_event_id(), occurred_at=iso(0), user_id=user, revoked_at=later)
    await bench.publish(CONTROLS, user, order)
    return await closed(client)


async def one_too_many(bench: Bench, running: Running) -> object:
    user = unique("user")
    client = await bench.connect(running, user)
    order = CloseConnection(
        event_id=new_event_id(),
        occurred_at=iso(0),
        connection_id=await bench.connection_id(user),
        user_id=user,
        gateway_id=running.gateway_id,
        epoch=running.epoch,
        code=4409,
        reason="Too many connections",
    )
    await bench.publish(CONTROLS, running.gateway_id, order)
    return await closed(client)


async def two_calls(bench: Bench, running: Running) -> object:
    url = connection_url(running, new_connection_id(running.epoch))
    first, second = [(await bench.signed("GET", url))[0] for _ in range(2)]
    return first, second


async def large_body(bench: Bench, running: Running) -> object:
    url = connection_url(running, new_connection_id(running.epoch))
    return [(await bench.signed("POST", url, b"x" * size))[0] for size in (131_072, 131_073)]


@dataclass(frozen=True)
class Case:
    """One limit."""

    provoke: Provoke
    seen: object
    settings: dict[str, Any] = field(default_factory=dict)


AWAY, THROTTLED = (1001, "Going away"), ("THROTTLED", True, True)
CASES: dict[Limit, Case] = {
    "message_bytes": Case(too_long, (1009, "Message too big")),
    "frame_bytes": Case(too_large, (1009, "Message too big")),
    "binary": Case(binary, (1003, "Binary frames are not supported")),
    "content_characters": Case(too_many_words, ("INVALID_MESSAGE", False), {"content_characters": 5}),
    "idle_s": Case(silence, AWAY, {"idle_s": 0.3}),
    "duration_s": Case(silence, AWAY, {"duration_s": 0.3}),
    "expiry_grace_s": Case(expiry, (4401, "Token expired"), {"expiry_grace_s": 0.1}),
    "revoked": Case(revoked, (4403, "Sessions revoked")),
    "connections": Case(one_more, (429, "LimitExceededException"), {"connections": 1}),
    "connection_rate": Case(
        one_more, (429, "TooManyRequestsException"), {"connection_rate": 0.001, "connection_burst": 1}
    ),
    "connections_per_user": Case(one_too_many, (4409, "Too many connections")),
    "frame_rate": Case(two_messages, THROTTLED, {"frame_rate": 0.1, "frame_burst": 1}),
    "user_frame_rate": Case(two_messages, THROTTLED, {"user_frame_rate": 0.1, "user_frame_burst": 1}),
    "in_flight": Case(two_messages, THROTTLED, {"in_flight": 1}),
    "in_flight_total": Case(two_messages, ("UNAVAILABLE", True, False), {"in_flight_total": 1}),
    "outbox_bytes": Case(flooded, "closed", {"outbox_bytes": 64 * 1024}),
    "outbox_s": Case(flooded, "closed", {"outbox_s": 0.5, "outbox_bytes": 1024**3}),
    "dropped_by_fanout": Case(dropped, (4408, "behind")),
    "pong_timeout_s": Case(mute, "lost", {"ping_interval_s": 0.2, "pong_timeout_s": 0.2}),
    "connection_api_rate": Case(two_calls, (410, 429), {"connection_api_rate": 0.001, "connection_api_burst": 1}),
    "connection_api_body": Case(large_body, [410, 413]),
}


def counted(limit: Limit) -> float:
    return REGISTRY.get_sample_value("kaiwa_gateway_limits_total", {"limit": limit}) or 0


def test_every_limit_has_a_case() -> None:
    assert CASES.keys() == set(get_args(Limit))


@pytest.mark.parametrize("limit", CASES)
async def test_a_limit_is_a_setting_and_is_counted(bench: Bench, limit: Limit) -> None:
    case = CASES[limit]
    running, before = await bench.start(**case.settings), counted(limit)
    assert await case.provoke(bench, running) == case.seen
    assert counted(limit) == before + 1
    others = {other: counted(other) for other in CASES}
    await asyncio.gather(running.end(), return_exceptions=True)
    assert {other: counted(other) for other in CASES} == others, "a drain meets no limit"
