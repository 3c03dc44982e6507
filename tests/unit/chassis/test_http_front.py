"""A keep-alive connection: the limits of a head hold for every request on it, not for the first alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chassis.http_front import HeadLimits, front
from chassis.http_server import bind, port_of, serving
from tests.rawsocket import Answer, RawClient


async def hello(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


@pytest.fixture
async def client() -> AsyncIterator[RawClient]:
    sock = bind("127.0.0.1", 0, setting="test")
    limits = HeadLimits(address_bytes=100, head_bytes=1_000, head_s=0.3)
    async with serving(hello, sock, http=front(limits)), await RawClient.to(port_of(sock)) as made:
        yield made


def get(path: str = "/", more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()


async def statuses(client: RawClient, *heads: bytes) -> list[int]:
    return [(await client.ask(head)).status for head in heads]


async def test_the_bytes_of_one_head_do_not_count_for_the_next(client: RawClient) -> None:
    assert await statuses(client, *[get(more=f"X: {'y' * 800}\r\n")] * 5) == [200] * 5


async def test_bodies_do_not_count(client: RawClient) -> None:
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + b"b" * 5_000
    assert await statuses(client, post, get()) == [200, 200]


async def test_a_later_request_has_the_same_limits(client: RawClient) -> None:
    assert await statuses(client, get(), get(more=f"X: {'y' * 1_200}\r\n")) == [200, 431]


async def test_a_later_address_too(client: RawClient) -> None:
    assert await statuses(client, get(), get("/" + "a" * 100)) == [200, 414]


async def test_a_later_head_comes_in_time_or_not_at_all(client: RawClient) -> None:
    assert await statuses(client, get(), b"GET / HTTP/1.1\r\nHo") == [200, 408]


async def test_a_slow_body_is_no_slow_head(client: RawClient) -> None:
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
    await asyncio.sleep(0.5)
    assert (await client.ask(b"ok")).status == 200


async def test_a_refusal_is_json_and_ends_the_connection(client: RawClient) -> None:
    answer: Answer = await client.ask(get("/" + "a" * 100))
    assert json.loads(answer.body) == {"message": "The address is too long"}
    assert (answer.headers["x-amzn-errortype"], answer.headers["connection"]) == ("UriTooLongException", "close")
    assert (await client.ask(get())).status == 0


async def test_what_is_no_http_is_refused_as_before(client: RawClient) -> None:
    assert (await client.ask(b"nonsense\r\n\r\n")).status == 400
