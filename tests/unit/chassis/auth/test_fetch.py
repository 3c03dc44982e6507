import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from chassis.auth.errors import KeysUnavailable
from chassis.auth.fetch import RESPONSE_BYTES, fetch_keys
from tests.tokens import KeyServer, key_server


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with key_server() as running:
        yield running


async def test_the_body_as_it_was_published(server: KeyServer) -> None:
    assert await fetch_keys(server.url) == server.document


@pytest.mark.parametrize("status", [204, 301, 302, 307, 400, 404, 429, 500, 503])
async def test_only_200_is_an_answer(server: KeyServer, status: int) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": server.url.replace("jwks", "elsewhere")})

    server.answer = answer
    with pytest.raises(KeysUnavailable, match=str(status)):
        await fetch_keys(server.url)
    assert server.requests == 1


async def test_a_body_without_end_is_given_up(server: KeyServer) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 65536)

    server.answer = endless
    with pytest.raises(KeysUnavailable, match=str(RESPONSE_BYTES)):
        async with asyncio.timeout(5):
            await fetch_keys(server.url)


async def test_compressed_data_is_not_blown_up(server: KeyServer) -> None:
    async def compressed(_request: web.Request) -> web.Response:
        response = web.Response(body=b" " * 10_000_000)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    server.answer = compressed
    assert len(await fetch_keys(server.url)) < RESPONSE_BYTES


async def test_a_broken_answer_is_an_outage(server: KeyServer) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.answer = broken
    with pytest.raises(KeysUnavailable):
        await fetch_keys(server.url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/jwks.json", "http://no-such-host.invalid/", "nonsense", "ftp://x/y"]
)
async def test_an_address_without_an_issuer_is_an_outage(url: str) -> None:
    with pytest.raises(KeysUnavailable):
        await fetch_keys(url)
