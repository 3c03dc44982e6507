"""One bulk request over HTTP, signed as the gateway expects it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from contracts.connection_api import PushAnswer, encode_bulk
from services.fanout.push_client import EpochOver, NoAnswer, PushClient, PushRefused


class Door:
    """An HTTP server that answers as it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.body = encode_bulk(PushAnswer(gone=("AAAAAAAAAAAAAAA=",)))
        self.seen: list[web.Request] = []
        self.bodies: list[bytes] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append(request)
        self.bodies.append(await request.read())
        return web.Response(status=self.status, body=self.body)


@pytest.fixture
async def door() -> AsyncIterator[tuple[Door, str]]:
    one, app = Door(), web.Application()
    app.router.add_post("/prod/{tail:.*}", one.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield one, f"http://127.0.0.1:{server.port}/prod"


def client(timeout_s: float = 5.0) -> PushClient:
    return PushClient(key_id="AKID", secret="secret", region="us-east-1", timeout_s=timeout_s)


async def test_a_request_is_signed_and_its_body_is_raw(door: tuple[Door, str]) -> None:
    one, address = door
    async with client() as pushing:
        answer = await pushing.push(address, b"body")
    assert answer.gone == ("AAAAAAAAAAAAAAA=",)
    (request,) = one.seen
    assert request.raw_path == "/prod/@pushes"
    assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert request.headers["Content-Type"] == "application/msgpack"
    assert one.bodies == [b"body"]


async def test_a_trace_goes_with_the_request_unsigned(door: tuple[Door, str]) -> None:
    one, address = door
    async with client() as pushing:
        await pushing.push(address, b"body", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        await pushing.push(address, b"body")
    traced, other = one.seen
    assert traced.headers["traceparent"] == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert "traceparent" not in traced.headers["Authorization"]
    assert "traceparent" not in other.headers


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (421, b"", EpochOver),
        (400, b"", PushRefused),
        (413, b"", PushRefused),
        (403, b"", NoAnswer),
        (429, b"", NoAnswer),
        (503, b"", NoAnswer),
        (200, b"not msgpack", NoAnswer),
    ],
)
async def test_what_is_no_answer_is_told_from_what_is_final(
    door: tuple[Door, str], status: int, body: bytes, error: type[Exception]
) -> None:
    one, address = door
    one.status, one.body = status, body
    async with client() as pushing:
        with pytest.raises(error):
            await pushing.push(address, b"body")


async def test_a_gateway_that_is_not_there_gives_no_answer() -> None:
    async with client() as pushing:
        with pytest.raises(NoAnswer):
            await pushing.push("http://127.0.0.1:9/prod", b"body")
    with pytest.raises(NoAnswer):
        await pushing.push("http://127.0.0.1:9/prod", b"body")
