import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from chassis.auth.errors import TokenError
from chassis.auth.issuer import IssuerConfig
from chassis.auth.verifier import Verifier
from chassis.http_server import bind, port_of, serving
from deploy.issuer.client import NoTokenError, ask_for_token
from deploy.issuer.doors import application
from deploy.issuer.id_token import Mint
from tests.tokens import private_key


@asynccontextmanager
async def issuer_at(path: str, allow_remote: bool = False) -> AsyncIterator[str]:
    sock = bind("127.0.0.1", 0, setting="test")
    address = f"http://127.0.0.1:{port_of(sock)}{path}"
    mint = Mint(address, "kaiwa-local", "admin", 3600, private_key("issuer"))
    async with serving(application(mint, path, allow_remote=allow_remote), sock):
        yield address


@pytest.fixture
async def issuer() -> AsyncIterator[str]:
    async with issuer_at("") as address:
        yield address


async def ask(method: str, url: str, **options: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.request(method, url, **options) as answer:
        return answer.status, await answer.json(content_type=None)


@pytest.mark.parametrize("path", ["", "/pools/local"])
async def test_its_tokens_are_believed_with_the_keys_it_publishes(path: str) -> None:
    async with issuer_at(path) as address:
        verifier = Verifier(IssuerConfig(issuer=address, client_ids=("kaiwa-local",)))
        token = await asyncio.to_thread(ask_for_token, address, "alice", admin=True)
        identity = await verifier.verify(token)
    assert (identity.user_id, identity.name, identity.groups) == ("alice", "Alice", ("admin",))


async def test_a_token_that_has_expired_already_can_be_had(issuer: str) -> None:
    verifier = Verifier(IssuerConfig(issuer=issuer, client_ids=("kaiwa-local",)))
    token = await asyncio.to_thread(ask_for_token, issuer, "alice", expires_in_s=0)
    with pytest.raises(TokenError) as refusal:
        await verifier.verify(token)
    assert refusal.value.reason == "EXPIRED"


async def test_discovery_leads_to_the_keys(issuer: str) -> None:
    status, document = await ask("GET", f"{issuer}/.well-known/openid-configuration")
    assert (status, document["issuer"]) == (200, issuer)
    assert (await ask("GET", document["jwks_uri"]))[1]["keys"][0]["kty"] == "RSA"


async def test_the_page_can_offer_those_the_cluster_starts_with(issuer: str) -> None:
    status, answer = await ask("GET", f"{issuer}/dev/users")
    assert status == 200
    assert [user["userId"] for user in answer["users"]] == ["alice", "bob", "carol", "dave"]
    assert answer["users"][3] == {"userId": "dave", "name": "Dave", "verificationStatus": "pending"}


async def test_the_page_is_told_whose_token_it_is_and_until_when(issuer: str) -> None:
    status, answer = await ask("POST", f"{issuer}/dev/token", json={"user": "bob", "expiresIn": 60})
    assert (status, sorted(answer), answer["userId"]) == (200, ["expiresAt", "token", "userId"], "bob")


WRONG = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"user":1}',
    b'{"user":""}',
    b'{"user":"a#b"}',
    b'{"user":"alice","role":"x"}',
    b'{"user":"alice","expiresIn":86401}',
    b'{"user":"alice","expiresIn":-86401}',
    b'{"user":"alice","expiresIn":1.5}',
    b'{"user":"\xff"}',
    b'{"user":"alice"}' + b" " * 100_000 + b"x",
]


@pytest.mark.parametrize("body", WRONG)
async def test_a_wrong_request_is_told_what_is_wrong(issuer: str, body: bytes) -> None:
    status, answer = await ask("POST", f"{issuer}/dev/token", data=body)
    assert (status, answer["code"]) == (400, "BAD_REQUEST")
    assert answer["message"]


REBOUND = {"Host": "rebound.example"}


@pytest.mark.parametrize(("method", "door"), [("POST", "token"), ("GET", "users")])
async def test_a_foreign_page_gets_nothing(issuer: str, method: str, door: str) -> None:
    status, answer = await ask(method, f"{issuer}/dev/{door}", json={"user": "alice"}, headers=REBOUND)
    assert (status, answer["code"]) == (403, "FORBIDDEN")


async def test_a_container_network_can_be_let_in() -> None:
    async with issuer_at("", allow_remote=True) as address:
        assert (await ask("POST", f"{address}/dev/token", json={"user": "alice"}, headers=REBOUND))[0] == 200


async def test_no_page_of_another_origin_may_read_a_token(issuer: str) -> None:
    async with (
        aiohttp.ClientSession(headers={"Origin": "https://evil.example"}) as session,
        session.post(f"{issuer}/dev/token", json={"user": "alice"}) as answer,
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


async def test_one_who_asks_for_too_much_is_told_so(issuer: str) -> None:
    with pytest.raises(NoTokenError, match=r"refuses: .*expiresIn") as refusal:
        await asyncio.to_thread(ask_for_token, issuer, "alice", expires_in_s=100_000)
    assert (refusal.value.code, refusal.value.retryable) == ("NO_TOKEN", False)
