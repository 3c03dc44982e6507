"""The gateway's public port, head by head on a raw socket: who gets a 101, and how the others are refused (spec 2)."""

import asyncio
import json
import time
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from tests import tokens
from tests.path.gateway_bench import Bench, Running, connection_url, unique
from tests.rawsocket import KEY, Answer, RawClient, handshake

pytestmark = pytest.mark.engine

PAGE = "https://app.example:8443"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(bench: Bench) -> Running:
    return await bench.start(allowed_origins=f"{PAGE},http://localhost:5173")


async def answer_to(gateway: Running, head: bytes) -> Answer:
    async with await RawClient.to(gateway.gateway.port) as client:
        return await client.ask(head)


def target(size: int | None = None) -> str:
    """The address of a good handshake, made as long as `size`."""
    address = f"/prod?token={tokens.token(tokens.claims(sub=unique('user')))}"
    return address if size is None else f"{address}&x={'x' * (size - len(address) - 3)}"


def asked(**headers: str | None) -> bytes:
    return handshake(target(), {name.replace("_", "-"): value for name, value in headers.items()})


def with_lines(*lines: str) -> bytes:
    """A good handshake and more header lines, which may repeat."""
    return handshake(target()).removesuffix(b"\r\n") + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


HEADS: dict[str, tuple[bytes, int]] = {
    "as browsers ask": (asked(), 101),
    "as Firefox asks": (asked(Connection="keep-alive, Upgrade"), 101),
    "in other cases": (asked(Connection="UPGRADE", Upgrade="WebSocket"), 101),
    "two Connection lines": (with_lines("Connection: keep-alive"), 101),
    "through a proxy that adds headers": (asked(X_Forwarded_For="198.51.100.7", Via="1.1 proxy"), 101),
    "a body that is announced": (asked(Content_Length="0"), 101),
    "an address of 4,096 bytes": (handshake(target(4_096)), 101),
    "an address of 4,097 bytes": (handshake(target(4_097)), 414),
    "an address of 10,000 bytes": (handshake("/prod?" + "a" * 10_000), 414),
    "a header of 7,900 bytes": (asked(X_More="y" * 7_900), 101),
    "a header of 8,100 bytes": (asked(X_More="y" * 8_100), 431),
    "99 headers": (with_lines(*(f"X-{n}: y" for n in range(94))), 101),
    "101 headers": (with_lines(*(f"X-{n}: y" for n in range(96))), 431),
    "headers of 17 KB": (with_lines(*(f"X-{n}: {'y' * 2_000}" for n in range(9))), 431),
    "headers without end": (b"GET /prod HTTP/1.1\r\n" + b"x-more: y\r\n" * 10_000, 431),
    "an address without end": (b"GET /prod?" + b"a" * 100_000, 414),
    "no Upgrade": (asked(Upgrade=None), 426),
    "no Connection": (asked(Connection=None), 426),
    "Connection without upgrade": (asked(Connection="keep-alive"), 426),
    "an upgrade to something else": (asked(Upgrade="h2c"), 426),
    "a plain GET": (b"GET /prod HTTP/1.1\r\nHost: x\r\n\r\n", 426),
    "a plain POST": (b"POST /prod HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", 426),
    "a POST that upgrades": (handshake(target(), method="POST"), 405),
    "no key": (asked(Sec_WebSocket_Key=None), 400),
    "a key that is too short": (asked(Sec_WebSocket_Key="c2hvcnQ="), 400),
    "a key that is no base64": (asked(Sec_WebSocket_Key="*" * 24), 400),
    "two keys": (with_lines(f"Sec-WebSocket-Key: {KEY}"), 400),
    "no version": (asked(Sec_WebSocket_Version=None), 400),
    "an older version": (asked(Sec_WebSocket_Version="8"), 400),
    "HTTP/1.0": (handshake(target(), version="1.0"), 505),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "another stage": (handshake(target().replace("/prod", "/dev")), 403),
    "the stage encoded": (handshake(target().replace("/prod", "/%70rod")), 403),
    "a slash more": (handshake(target().replace("/prod", "//prod")), 403),
    "a way around": (handshake(target().replace("/prod", "/x/../prod")), 403),
    "the origin that is configured": (asked(Origin=PAGE), 101),
    "the other origin": (asked(Origin="http://localhost:5173"), 101),
    "no origin": (asked(Origin=None), 101),
    "another origin": (asked(Origin="https://evil.example"), 403),
    "an origin that begins alike": (asked(Origin="https://app.example.evil.com:8443"), 403),
    "an origin that ends alike": (asked(Origin="https://evilapp.example:8443"), 403),
    "a child of the origin": (asked(Origin="https://x.app.example:8443"), 403),
    "the origin null": (asked(Origin="null"), 403),
    "an empty origin": (asked(Origin=""), 403),
    "the origin in another case": (asked(Origin="https://APP.example:8443"), 403),
    "the origin in another scheme": (asked(Origin="http://app.example:8443"), 403),
    "the origin on another port": (asked(Origin="https://app.example"), 403),
    "the origin with a slash": (asked(Origin=f"{PAGE}/"), 403),
    "the origin and another": (asked(Origin=f"{PAGE}, https://evil.example"), 403),
    "two Origin lines, the last one good": (with_lines("Origin: https://evil.example", f"Origin: {PAGE}"), 400),
    "two Origin lines, the first one good": (with_lines(f"Origin: {PAGE}", "Origin: https://evil.example"), 400),
}
JSON_REFUSALS = {400, 403, 405, 414, 426, 431, 505}


@pytest.mark.parametrize(("head", "status"), HEADS.values(), ids=HEADS)
async def test_a_head_is_answered(gateway: Running, head: bytes, status: int) -> None:
    answer = await answer_to(gateway, head)
    assert answer.status == status
    if status in JSON_REFUSALS and head.startswith((b"GET", b"POST")):
        assert answer.headers["x-amzn-errortype"].endswith("Exception")
        assert json.loads(answer.body)["message"]


async def test_an_older_client_learns_our_version(gateway: Running) -> None:
    answer = await answer_to(gateway, asked(Sec_WebSocket_Version="8"))
    assert answer.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize(
    "address", [b"/prod\xff", b"/prod?token=\xe3\x81\x82", b"/prod?token=%ff%fe", b"/prod?\x7f", b"/%"]
)
async def test_an_address_of_strange_bytes_is_refused_and_breaks_nothing(gateway: Running, address: bytes) -> None:
    answer = await answer_to(gateway, handshake("/").replace(b" / ", b" " + address + b" "))
    assert answer.status in (400, 401, 403)


@pytest.mark.parametrize(
    "offered", ["permessage-deflate", "permessage-deflate; client_max_window_bits", "x-webkit-deflate-frame"]
)
async def test_no_compression_is_agreed_on(gateway: Running, offered: str) -> None:
    answer = await answer_to(gateway, asked(Sec_WebSocket_Extensions=offered))
    assert answer.status == 101
    assert "sec-websocket-extensions" not in answer.headers


SUBPROTOCOLS = [
    ("", "chat.v1", None),
    ("chat.v1", None, None),
    ("chat.v1", "chat.v1", "chat.v1"),
    ("chat.v1,chat.v2", "other, chat.v2, chat.v1", "chat.v2"),
    ("chat.v1", "CHAT.V1", None),
    ("chat.v1", "other", None),
]


@pytest.mark.parametrize(("configured", "offered", "chosen"), SUBPROTOCOLS)
async def test_a_subprotocol_is_echoed_only_if_it_is_configured(
    bench: Bench, configured: str, offered: str | None, chosen: str | None
) -> None:
    running = await bench.start(subprotocols=configured)
    answer = await answer_to(running, asked(Sec_WebSocket_Protocol=offered))
    assert (answer.status, answer.headers.get("sec-websocket-protocol")) == (101, chosen)


FORWARDED = [
    ("", "198.51.100.7", "127.0.0.1"),
    ("10.0.0.0/8", "198.51.100.7", "127.0.0.1"),
    ("127.0.0.0/8", "198.51.100.7", "198.51.100.7"),
    ("127.0.0.0/8", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
    ("127.0.0.0/8,10.0.0.0/8", "203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
    ("127.0.0.0/8", "2001:db8::1", "2001:db8::1"),
    ("127.0.0.0/8", "nonsense", "127.0.0.1"),
    ("127.0.0.0/8", None, "127.0.0.1"),
]


@pytest.mark.parametrize(("proxies", "said", "believed"), FORWARDED)
async def test_only_a_configured_proxy_says_where_a_client_is(
    bench: Bench, proxies: str, said: str | None, believed: str
) -> None:
    running, user = await bench.start(trusted_proxies=proxies), unique("user")
    address = f"/prod?token={tokens.token(tokens.claims(sub=user))}"
    async with await RawClient.to(running.gateway.port) as client:
        assert (await client.open(address, headers={"X-Forwarded-For": said})).status == 101
        _, body, _ = await bench.signed("GET", connection_url(running, await bench.connection_id(user)))
    assert json.loads(body)["identity"]["sourceIp"] == believed


def heads_refused(limit: str) -> float:
    return REGISTRY.get_sample_value("kaiwa_http_heads_refused_total", {"limit": limit}) or 0


@pytest.mark.parametrize(
    ("limit", "name"), [("address_bytes", "an address of 4,097 bytes"), ("head_bytes", "101 headers")]
)
async def test_a_head_over_a_limit_is_counted(gateway: Running, limit: str, name: str) -> None:
    before = heads_refused(limit)
    await answer_to(gateway, HEADS[name][0])
    assert heads_refused(limit) == before + 1


async def trickled(client: RawClient, head: bytes, every_s: float) -> None:
    for number in range(len(head)):
        await client.send(head[number : number + 1])
        await asyncio.sleep(every_s)


@pytest.mark.parametrize("begun", [b"", b"GET /prod HT", b"GET /prod HTTP/1.1\r\nHost: x\r\nX-More: "])
async def test_a_handshake_that_does_not_come_in_time_is_not_waited_for(bench: Bench, begun: bytes) -> None:
    strict, before = await bench.start(handshake_s=0.3), heads_refused("head_s")
    async with await RawClient.to(strict.gateway.port) as client:
        assert (await client.ask(begun)).status == 408
    assert heads_refused("head_s") == before + 1


async def test_a_head_a_byte_at_a_time_is_not_waited_for_either(bench: Bench) -> None:
    strict = await bench.start(handshake_s=0.3)
    async with await RawClient.to(strict.gateway.port) as client:
        sending, began = asyncio.create_task(trickled(client, handshake(target()), 0.02)), time.monotonic()
        assert (await client.ask(b"")).status == 408
        assert time.monotonic() - began < 3
        sending.cancel()


async def test_a_hundred_slow_heads_keep_nobody_out(bench: Bench, gateway: Running) -> None:
    slow: list[Any] = [await RawClient.to(gateway.gateway.port) for _ in range(100)]
    for client in slow:
        await client.send(b"GET /prod HTTP/1.1\r\nHost: ")
    await asyncio.wait_for(bench.connect(gateway, unique("user")), 5)
    for client in slow:
        await client.__aexit__(None, None, None)
