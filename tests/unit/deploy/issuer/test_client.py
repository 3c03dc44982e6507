import asyncio

import pytest
from aiohttp import web

from deploy.issuer.client import NoTokenError, ask_for_token
from tests.tokens import key_server


def test_an_issuer_that_is_not_there_is_worth_another_try() -> None:
    with pytest.raises(NoTokenError, match="does not answer") as error:
        ask_for_token("http://127.0.0.1:1", "alice")
    assert error.value.retryable


@pytest.mark.parametrize("issuer", ["nonsense", "http://", "http://127.0.0.1:port"])
def test_what_is_no_address_is_named(issuer: str) -> None:
    with pytest.raises(NoTokenError):
        ask_for_token(issuer, "alice")


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"token":1}', '{"message":"Not Found"}'])
async def test_an_issuer_that_gives_no_such_tokens_is_named(body: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body)

    async with key_server() as server:
        server.answer = answer
        with pytest.raises(NoTokenError, match="no development issuer") as error:
            await asyncio.to_thread(ask_for_token, server.url, "alice")
    assert not error.value.retryable
