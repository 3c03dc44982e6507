"""Every token of token_cases.py at every door: the handshake, by address and by header, refreshToken, the HTTP API.

And the issuer in every state: known keys work throughout, and an unknown one is refused or must wait (spec 2).
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import pytest_asyncio
from aiohttp import web

from tests import tokens
from tests.path.api_bench import Bench as ApiBench
from tests.path.api_bench import running as api_running
from tests.path.api_bench import settings_of
from tests.path.gateway_bench import Bench, Running, bench_on, frame, say, unique
from tests.rawsocket import RawClient
from tests.token_cases import CASES, PUBLISHED, Case

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine
LASTING = [case for case in CASES if not case.to_the_second]
REFUSALS = {400, 401, 414, 431}
"""401 as a rule; what no address or header can hold is refused before a token is looked for."""


@dataclass
class Doors:
    """A gateway and an api that ask the same issuer."""

    bench: Bench
    gateway: Running
    api: ApiBench
    keys: tokens.KeyServer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def doors(engines: "RunningEngines") -> AsyncIterator[Doors]:
    async with (
        tokens.key_server() as keys,
        bench_on(engines.kafka.bootstrap) as bench,
        api_running(settings_of(engines, keys.url)) as api,
    ):
        keys.document = PUBLISHED
        yield Doors(bench, await bench.start(jwks_url=keys.url), api, keys)


async def handshake_status(gateway: Running, query: str, headers: dict[str, str | None] | None = None) -> int:
    async with await RawClient.to(gateway.gateway.port) as client:
        return (await client.open(f"/prod{query}", headers=headers)).status


async def by_address(doors: Doors, token: str) -> int:
    return await handshake_status(doors.gateway, f"?token={quote(token, safe='')}")


async def by_header(doors: Doors, token: str) -> int:
    return await handshake_status(doors.gateway, "", {"Authorization": f"Bearer {token}"})


async def by_http(doors: Doors, token: str) -> int:
    async with await RawClient.to(doors.api.api.port) as client:
        head = f"GET /api/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        return (await client.ask(head.encode("latin-1"))).status


def fits_a_header(token: str) -> bool:
    return all(" " < letter <= "~" for letter in token)


async def wrong(
    doors: Doors, door: Callable[[Doors, str], Awaitable[int]], cases: list[Case], letting_in: int
) -> list[tuple[str, int]]:
    """The cases that a door answered otherwise than it should."""
    now, found = time.time(), []
    for case in cases:
        status = await door(doors, case.make(now))
        if status != letting_in if case.reason is None else status not in REFUSALS:
            found.append((case.name, status))
    return found


async def test_the_handshake_judges_the_token_in_its_address(doors: Doors) -> None:
    assert not await wrong(doors, by_address, LASTING, 101)


async def test_the_handshake_judges_the_token_in_its_header(doors: Doors) -> None:
    assert not await wrong(doors, by_header, [c for c in LASTING if fits_a_header(c.make(time.time()))], 101)


async def test_the_http_api_judges_alike(doors: Doors) -> None:
    assert not await wrong(doors, by_http, [c for c in LASTING if fits_a_header(c.make(time.time()))], 200)


async def test_a_fresh_token_is_judged_alike(doors: Doors) -> None:
    client = await doors.bench.connect(doors.gateway, "alice", features="read")
    wrong_answers, now = [], time.time()
    for case in [case for case in LASTING if case.reason is not None]:
        await say(client, "refreshToken", token=case.make(now))
        answer = await frame(client)
        if answer.get("code") != "INVALID_TOKEN":
            wrong_answers.append((case.name, answer))
    assert not wrong_answers
    await say(client, "refreshToken", token=LASTING[0].make(now))
    assert (await frame(client))["type"] == "TOKEN_REFRESHED"


async def slow(keys: tokens.KeyServer, request: web.Request) -> web.StreamResponse:
    return await keys.never(request)


async def huge(keys: tokens.KeyServer, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b" " * 65_536)
    return response


async def redirecting(keys: tokens.KeyServer, request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": keys.url})


async def down(keys: tokens.KeyServer, request: web.Request) -> web.StreamResponse:
    return web.Response(status=503)


async def cut_off(keys: tokens.KeyServer, request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def nonsense(keys: tokens.KeyServer, request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>maintenance</html>")


async def empty(keys: tokens.KeyServer, request: web.Request) -> web.StreamResponse:
    return web.json_response({"keys": []})


FAULTS = [slow, huge, redirecting, down, cut_off, nonsense, empty]


@pytest.mark.parametrize("fault", FAULTS)
async def test_while_the_issuer_fails_known_keys_work_and_unknown_ones_must_wait(
    doors: Doors, fault: Callable[..., Awaitable[web.StreamResponse]]
) -> None:
    async with tokens.key_server() as keys:
        gateway = await doors.bench.start(jwks_url=keys.url)
        known, unknown = (tokens.token(tokens.claims(sub=unique("user")), kid=kid) for kid in (tokens.KID, "newer"))
        assert await handshake_status(gateway, f"?token={known}") == 101
        keys.answer = lambda request: fault(keys, request)
        waiting = asyncio.create_task(handshake_status(gateway, f"?token={unknown}"))
        for _ in range(5):
            assert await asyncio.wait_for(handshake_status(gateway, f"?token={known}"), 2) == 101
        assert await asyncio.wait_for(waiting, 10) == 503
        assert keys.requests <= 5, "the first fetch, and two tries, each perhaps on a connection that broke"
        assert await handshake_status(gateway, f"?token={unknown}") == 503


async def test_an_issuer_that_rotates_in_the_middle_of_a_fetch_is_followed(doors: Doors) -> None:
    async with tokens.key_server() as keys:
        gateway = await doors.bench.start(jwks_url=keys.url)
        old, new = (tokens.token(tokens.claims(sub=unique("user")), kid=kid) for kid in (tokens.KID, "newer"))
        assert await handshake_status(gateway, f"?token={old}") == 101
        asked, rotated = asyncio.Event(), asyncio.Event()

        async def rotating(request: web.Request) -> web.StreamResponse:
            asked.set()
            await rotated.wait()
            return await keys.publish(request)

        keys.answer = rotating
        waiting = [asyncio.create_task(handshake_status(gateway, f"?token={new}")) for _ in range(20)]
        await asyncio.wait_for(asked.wait(), 5)
        assert await handshake_status(gateway, f"?token={old}") == 101
        keys.document = tokens.jwks(tokens.jwk("newer"))
        rotated.set()
        assert await asyncio.gather(*waiting) == [101] * 20
        assert keys.requests == 2
        assert await handshake_status(gateway, f"?token={old}") == 401, "the key was withdrawn"


async def test_ten_thousand_random_kids_cost_one_fetch_and_keep_nobody_out(doors: Doors) -> None:
    async with tokens.key_server() as keys:
        gateway = await doors.bench.start(jwks_url=keys.url, in_flight=10_000)
        good = tokens.token(tokens.claims(sub=unique("user")))
        assert await handshake_status(gateway, f"?token={good}") == 101
        verifier, forged = gateway.gateway.parts.verifier, tokens.assembled({"alg": "RS256", "kid": "?"}, {})
        signature = forged.rpartition(".")[2]
        many = (f"{tokens.part({'alg': 'RS256', 'kid': unique('k')})}.e30.{signature}" for _ in range(10_000))
        outcomes = await asyncio.gather(*(verifier.verify(token) for token in many), return_exceptions=True)
        assert {getattr(outcome, "reason", "") for outcome in outcomes} == {"UNKNOWN_KEY"}
        assert keys.requests == 2
        assert await handshake_status(gateway, f"?token={good}") == 101


async def test_no_refusal_says_why(doors: Doors) -> None:
    bodies = set()
    for case in [case for case in LASTING if case.reason is not None][:40:4]:
        async with await RawClient.to(doors.gateway.gateway.port) as client:
            answer = await client.open(f"/prod?token={quote(case.make(time.time())[:2_000], safe='')}")
            bodies.add((answer.status, answer.body))
    assert bodies == {(401, b'{"message":"Unauthorized"}')}
