"""Who is let in, and what the log knows of it before the 101 (spec 2)."""

import asyncio
import time
from typing import Any

import pytest
import pytest_asyncio
import websockets

from contracts.connections import Connected, Disconnected
from contracts.gateways import LeaseRenewed
from contracts.ids import epoch_of, is_connection_id
from tests import tokens
from tests.path.gateway_bench import Bench, Running, frame, say, unique
from tests.waiting import eventually

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(bench: Bench) -> Running:
    return await bench.start()


async def refused(url: str, **options: Any) -> tuple[int, str, bytes]:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(url, proxy=None, **options)
    response = caught.value.response
    return response.status_code, response.headers.get("x-amzn-ErrorType", ""), bytes(response.body or b"")


async def test_the_log_holds_connected_before_the_client_has_its_101(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user, features="presence,nonsense,rooms", user_agent_header="tester/1")
    (event,) = await eventually(lambda: bench.log.of(Connected, user_id=user))
    assert is_connection_id(event.connection_id)
    assert epoch_of(event.connection_id) == event.epoch == gateway.epoch
    assert (event.gateway_id, event.source_ip, event.user_agent) == (gateway.gateway_id, "127.0.0.1", "tester/1")
    assert event.features == ("presence", "rooms")
    assert bench.log.keys[event.event_id] == user.encode()
    assert b"traceparent" in str(bench.log.headers[event.event_id]).encode()
    await client.close()
    (ended,) = await eventually(lambda: bench.log.of(Disconnected, connection_id=event.connection_id))
    assert ended.user_id == user


async def test_the_lease_is_in_the_log_before_the_first_connection(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    await bench.connect(gateway, user)
    await bench.connection_id(user)
    (lease, *_) = bench.log.of(LeaseRenewed, gateway_id=gateway.gateway_id)
    assert (lease.epoch, lease.address) == (gateway.epoch, gateway.api_url)


async def test_a_token_in_the_header_opens_too(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    headers = {"Authorization": f"Bearer {tokens.token(tokens.claims(sub=user))}"}
    async with websockets.connect(gateway.url, proxy=None, additional_headers=headers) as client:
        await say(client, "ping", id=7)
        assert (await frame(client))["id"] == 7


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?token=",
        "?token=nonsense",
        f"?token={tokens.token(tokens.claims(exp=int(time.time()) - 1))}",
        f"?token={tokens.token(tokens.claims(token_use='access'))}",
        f"?token={tokens.token(tokens.claims(aud='another'))}",
    ],
)
async def test_without_a_good_token_the_answer_is_401_and_says_no_more(gateway: Running, query: str) -> None:
    assert await refused(gateway.url + query) == (401, "UnauthorizedException", b'{"message":"Unauthorized"}')


@pytest.mark.parametrize("path", ["/prod", "/", "/healthz"])
async def test_a_plain_get_is_426(bench: Bench, gateway: Running, path: str) -> None:
    url = gateway.url.replace("ws:", "http:").removesuffix("/prod") + path
    status, body, headers = await bench.call("GET", url)
    assert (status, headers["x-amzn-errortype"], headers["upgrade"]) == (426, "UpgradeRequiredException", "websocket")
    assert b"message" in body


async def test_an_issuer_that_is_away_is_503_and_says_when_to_come_back(bench: Bench) -> None:
    away = await bench.start(jwks_url="http://127.0.0.1:9/jwks.json")
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(f"{away.url}?token={tokens.token()}", proxy=None)
    assert caught.value.response.status_code == 503
    assert int(caught.value.response.headers["Retry-After"]) > 0


async def test_above_the_number_of_connections_the_answer_is_429(bench: Bench) -> None:
    small = await bench.start(connections=1)
    first = await bench.connect(small, unique("user"))
    assert (await refused(f"{small.url}?token={tokens.token()}"))[:2] == (429, "LimitExceededException")
    await first.close()
    await eventually(lambda: len(small.gateway.parts.registry) == 0)
    await bench.connect(small, unique("user"))


async def test_above_the_rate_of_connections_the_answer_is_429(bench: Bench) -> None:
    slow = await bench.start(connection_rate=0.001, connection_burst=1)
    await bench.connect(slow, unique("user"))
    assert (await refused(f"{slow.url}?token={tokens.token()}"))[:2] == (429, "TooManyRequestsException")


async def test_a_gateway_that_drains_lets_nobody_in(bench: Bench) -> None:
    draining = await bench.start()
    draining.health.set("drain", "stopping")
    assert (await refused(f"{draining.url}?token={tokens.token()}"))[:2] == (503, "ServiceUnavailableException")


async def test_a_client_that_has_gone_during_the_handshake_ends_as_lost(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.gateway.port)
    writer.write(
        f"GET /prod?token={tokens.token(tokens.claims(sub=user))} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await writer.drain()
    writer.transport.abort()
    (ended,) = await eventually(lambda: bench.log.of(Disconnected, user_id=user))
    assert ended.code == 1006
    assert len(bench.log.of(Connected, user_id=user)) == 1
    del reader
