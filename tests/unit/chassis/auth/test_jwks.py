import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp import web

from chassis.auth.errors import KeysUnavailable
from chassis.auth.jwks import FetchLimits, KeyCache
from tests.tokens import KID, KeyServer, jwk, jwks, key_server
from tests.waiting import Eventually

QUICK = FetchLimits(response_s=0.2, between_attempts_s=0.001)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with key_server() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def cache(server: KeyServer, clock: Clock) -> AsyncIterator[KeyCache]:
    cache = KeyCache(server.url, limits=QUICK, monotonic=clock)
    yield cache
    await cache.close()


async def outcomes(cache: KeyCache, kids: Sequence[str]) -> Counter[str]:
    answers = await asyncio.gather(*(cache.key(kid) for kid in kids), return_exceptions=True)
    return Counter(getattr(answer, "reason", type(answer).__name__) for answer in answers)


async def outcome(cache: KeyCache, kid: str) -> str:
    return next(iter(await outcomes(cache, [kid])))


async def test_a_known_key_is_never_fetched_again(cache: KeyCache, server: KeyServer, clock: Clock) -> None:
    for _ in range(3):
        assert await outcome(cache, KID) == "RSAPublicKey"
        clock.now += 1_000_000
    assert server.requests == 1


async def test_a_new_key_is_fetched_when_a_token_names_it(cache: KeyCache, server: KeyServer) -> None:
    await cache.key(KID)
    server.document = jwks(jwk(), jwk("key-2"))
    assert await outcome(cache, "key-2") == "RSAPublicKey"
    assert server.requests == 2


async def test_a_fetch_takes_withdrawn_keys_away(cache: KeyCache, server: KeyServer) -> None:
    await cache.key(KID)
    server.document = jwks(jwk("key-2"))
    await cache.key("key-2")
    assert await outcome(cache, KID) == "UNKNOWN_KEY"


async def test_concurrent_fetches_are_one(cache: KeyCache, server: KeyServer) -> None:
    assert await outcomes(cache, [KID] * 100) == {"RSAPublicKey": 100}
    assert server.requests == 1


async def test_ten_thousand_invented_keys_cost_one_fetch(cache: KeyCache, server: KeyServer) -> None:
    invented = [f"invented-{number}" for number in range(5_000)]
    assert await outcomes(cache, invented) == {"UNKNOWN_KEY": 5_000}
    for kid in invented:
        assert await outcome(cache, kid + "-again") == "UNKNOWN_KEY"
    assert server.requests == 1


async def test_one_that_comes_as_the_fetch_ends_starts_no_other(
    cache: KeyCache, server: KeyServer, eventually: Eventually
) -> None:
    late: list[asyncio.Task[str]] = []

    def come_late(_task: object) -> None:
        late.append(asyncio.ensure_future(outcome(cache, "late")))

    first = asyncio.ensure_future(outcome(cache, "first"))
    await eventually(lambda: cache._fetching is not None, every_s=0)
    assert cache._fetching is not None
    cache._fetching.add_done_callback(come_late)
    assert await first == "UNKNOWN_KEY"
    assert await late[0] == "UNKNOWN_KEY"
    assert server.requests == 1


async def test_after_a_miss_known_keys_work_and_unknown_ones_wait_ten_seconds(
    cache: KeyCache, server: KeyServer, clock: Clock
) -> None:
    assert await outcomes(cache, [KID, "key-2"]) == {"RSAPublicKey": 1, "UNKNOWN_KEY": 1}
    server.document = jwks(jwk(), jwk("key-2"))
    clock.now += 9.9
    assert await outcomes(cache, [KID, "key-2"]) == {"RSAPublicKey": 1, "UNKNOWN_KEY": 1}
    assert server.requests == 1
    clock.now += 0.2
    assert await outcome(cache, "key-2") == "RSAPublicKey"


async def test_a_key_for_something_else_is_refused_without_a_fetch(cache: KeyCache, server: KeyServer) -> None:
    server.document = jwks(jwk(use="enc"))
    assert [await outcome(cache, KID) for _ in range(3)] == ["UNSUITABLE_KEY"] * 3
    assert server.requests == 1


async def test_an_issuer_that_stumbles_once_is_asked_again(cache: KeyCache, server: KeyServer) -> None:
    async def stumble(request: web.Request) -> web.StreamResponse:
        server.answer = server.publish
        return web.Response(status=500)

    server.answer = stumble
    assert await outcome(cache, KID) == "RSAPublicKey"
    assert server.requests == 2


async def test_an_issuer_that_does_not_answer_is_given_up_after_one_more_try(
    cache: KeyCache, server: KeyServer
) -> None:
    server.answer = server.never
    assert await outcomes(cache, [KID] * 50) == {"KeysUnavailable": 50}
    assert server.requests == 2


async def test_an_issuer_that_is_down_is_left_alone_for_a_second(
    cache: KeyCache, server: KeyServer, clock: Clock
) -> None:
    server.document = b"<html>maintenance</html>"
    assert await outcome(cache, KID) == "KeysUnavailable"
    server.document = jwks()
    assert await outcome(cache, KID) == "KeysUnavailable"
    assert server.requests == 2
    clock.now += 1.01
    assert await outcome(cache, KID) == "RSAPublicKey"


@pytest.mark.parametrize("document", [b"", b'{"keys":[]}', b"[]"])
async def test_known_keys_work_while_the_issuer_is_broken(cache: KeyCache, server: KeyServer, document: bytes) -> None:
    await cache.key(KID)
    server.document = document
    assert await outcome(cache, "key-2") == "KeysUnavailable"
    assert await outcome(cache, KID) == "RSAPublicKey"


async def test_one_caller_that_leaves_does_not_stop_the_fetch_of_the_others(
    cache: KeyCache, server: KeyServer, eventually: Eventually
) -> None:
    asked = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        asked.set()
        await leaving
        return await server.publish(request)

    server.answer = slow
    leaving = asyncio.get_running_loop().create_future()
    first, second = (asyncio.create_task(cache.key(KID)) for _ in range(2))
    await asked.wait()
    first.cancel()
    await asyncio.wait([first])
    assert first.cancelled()
    leaving.set_result(None)
    assert await second is await cache.key(KID)
    assert server.requests == 1


async def test_closing_ends_a_fetch_in_flight(cache: KeyCache, server: KeyServer, eventually: Eventually) -> None:
    server.answer = server.never
    waiting = asyncio.create_task(cache.key(KID))
    await eventually(lambda: server.requests)
    await cache.close()
    with pytest.raises(KeysUnavailable):
        await waiting


async def test_every_caller_gets_an_error_of_its_own(cache: KeyCache, server: KeyServer) -> None:
    server.document = b""
    errors = await asyncio.gather(*(cache.key(KID) for _ in range(2)), return_exceptions=True)
    assert errors[0] is not errors[1]


async def test_a_key_can_be_fetched_before_it_is_needed(cache: KeyCache, server: KeyServer) -> None:
    await cache.fetch()
    await cache.key(KID)
    assert server.requests == 1


async def test_a_key_that_is_missing_from_a_fetch_beforehand_is_no_miss(cache: KeyCache, server: KeyServer) -> None:
    await cache.fetch()
    server.document = jwks(jwk(), jwk("key-2"))
    assert await outcome(cache, "key-2") == "RSAPublicKey"
