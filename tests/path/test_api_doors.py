"""Who is let in, from where, how often and with how much: the doors of the HTTP API (spec 2, 7 and 8)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests import tokens
from tests.path.api_bench import Bench, api_on, running, settings_of, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine

PAGE = "http://localhost:5173"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    async with api_on(engines, allowed_origins=f"{PAGE},https://chat.example.com", http_body_bytes=2_048) as api:
        yield api


def bearer(**claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.token(tokens.claims(**claims))}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YWxpY2U6eA=="},
        {"Authorization": "Bearer not-a-token"},
        bearer(exp=int(time.time()) - 1),
        bearer(token_use="access"),
        bearer(iss="https://elsewhere.example.com"),
        bearer(aud="another-client"),
        bearer(sub=None),
        bearer(sub="has#hash"),
    ],
)
async def test_without_a_token_that_is_believed_there_is_no_answer(bench: Bench, headers: dict[str, str]) -> None:
    answered = await bench.ask("GET", "/api/rooms", by=None, headers=headers)
    assert (answered.status, answered.body["code"]) == (401, "UNAUTHENTICATED")
    assert answered.headers["www-authenticate"].startswith('Bearer realm="kaiwa"')
    assert answered.headers["content-type"] == "application/problem+json"
    assert "eyJ" not in json.dumps(answered.body)


async def test_a_token_in_the_address_opens_nothing_here(bench: Bench) -> None:
    token = tokens.token(tokens.claims())
    assert (await bench.ask("GET", f"/api/rooms?token={token}", by=None)).status == 401


async def test_every_endpoint_asks_for_a_token(bench: Bench) -> None:
    document = (await bench.ask("GET", "/api/openapi.json", by=None)).body
    for path, operations in document["paths"].items():
        for method in operations:
            address = path.replace("{chatRoomId}", "r").replace("{userId}", "u").replace("{eventId}", unique("e"))
            answered = await bench.ask(method.upper(), address, by=None, json={"name": "n", "displayName": "d"})
            assert answered.status == 401, (method, path)


@pytest.mark.parametrize("origin", [PAGE, "https://chat.example.com"])
async def test_a_page_of_an_allowed_origin_may_call(bench: Bench, origin: str) -> None:
    answered = await bench.ask("GET", "/api/rooms", headers={"Origin": origin})
    assert (answered.status, answered.headers["access-control-allow-origin"]) == (200, origin)
    preflight = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    asked = await bench.ask(
        "OPTIONS", "/api/rooms", by=None, headers=preflight | {"Access-Control-Request-Headers": "authorization"}
    )
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (200, origin)


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", PAGE + "0", "http://localhost", "HTTP://LOCALHOST:5173", "null"]
)
async def test_a_page_of_another_origin_may_not(bench: Bench, origin: str) -> None:
    answered = await bench.ask("GET", "/api/rooms", headers={"Origin": origin})
    assert "access-control-allow-origin" not in answered.headers
    asked = await bench.ask(
        "OPTIONS", "/api/rooms", by=None, headers={"Origin": origin, "Access-Control-Request-Method": "GET"}
    )
    assert asked.status == 400
    assert "access-control-allow-origin" not in asked.headers


async def test_a_page_can_read_why_it_was_refused(bench: Bench) -> None:
    for answered in (
        await bench.ask("GET", "/api/rooms", by=None, headers={"Origin": PAGE}),
        await bench.ask("POST", "/api/rooms", data=b"x" * 5_000, headers={"Origin": PAGE}),
    ):
        assert answered.status in (401, 413)
        assert answered.headers["access-control-allow-origin"] == PAGE


async def test_a_body_over_the_limit_is_refused_with_its_length_declared_or_not(bench: Bench) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 1_000

    for body in (b" " * 5_000, in_pieces()):
        answered = await bench.ask("POST", "/api/rooms", data=body, headers={"Content-Type": "application/json"})
        assert (answered.status, answered.body["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("body", [b"{", b"not json", b"\xff\xfe", b"", b'{"name":', b"[" * 1_500])
async def test_a_body_that_is_not_json_is_refused(bench: Bench, body: bytes) -> None:
    answered = await bench.ask("POST", "/api/rooms", data=body, headers={"Content-Type": "application/json"})
    assert answered.status in (400, 422)
    assert answered.body["code"] == ("UNPROCESSABLE" if not body else "BAD_REQUEST")


async def test_what_is_not_there_is_a_problem_too(bench: Bench) -> None:
    for method, path in (
        ("GET", "/api/nothing"),
        ("GET", "/api"),
        ("PATCH", "/api/rooms"),
        ("GET", "/api/users/u/profile"),
        ("POST", "/"),
        ("GET", "/dev/token"),
        ("POST", "/dev/token"),
    ):
        answered = await bench.ask(method, path)
        assert (answered.status, answered.body["code"]) == (404, "NOT_FOUND"), (method, path)
        assert answered.headers["content-type"] == "application/problem+json"


async def test_config_json_tells_a_browser_where_the_gateway_and_the_issuer_are(bench: Bench) -> None:
    answered = await bench.ask("GET", "/config.json", by=None)
    assert answered.body == {
        "websocketUrl": "ws://127.0.0.1:9/prod",
        "issuer": tokens.ISSUER,
        "clientId": tokens.CLIENT_ID,
        "development": False,
    }


async def test_the_metrics_name_the_endpoint_and_not_the_room(bench: Bench) -> None:
    from prometheus_client import REGISTRY

    labels = {"method": "GET", "route": "/api/rooms/{chatRoomId}/messages", "status": "404"}
    before = REGISTRY.get_sample_value("kaiwa_http_requests_total", labels) or 0
    await bench.ask("GET", f"/api/rooms/{unique('none')}/messages")
    assert REGISTRY.get_sample_value("kaiwa_http_requests_total", labels) == before + 1


async def test_too_many_requests_of_one_user_are_refused_and_others_are_not(engines: "RunningEngines") -> None:
    async with api_on(engines, http_rate=0.5, http_burst=3) as api:
        statuses = [(await api.ask("GET", "/api/rooms")).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = await api.ask("GET", "/api/rooms")
        assert (refused.body["code"], refused.headers["retry-after"]) == ("THROTTLED", "2")
        assert (await api.ask("GET", "/api/rooms", by="bob")).status == 200


async def test_an_issuer_that_is_away_makes_503_and_not_401(engines: "RunningEngines") -> None:
    async with running(settings_of(engines, "http://127.0.0.1:1/jwks.json")) as api:
        answered = await api.ask("GET", "/api/rooms")
        assert (answered.status, answered.body["code"]) == (503, "UNAVAILABLE")
        assert int(answered.headers["retry-after"]) >= 1


async def test_the_local_issuers_sign_in_is_under_this_origin_in_development_only(engines: "RunningEngines") -> None:
    seen: list[tuple[str, str, bytes]] = []

    async def issuer(request: web.Request) -> web.Response:
        seen.append((request.method, request.path_qs, await request.read()))
        return web.json_response({"token": "t"}, status=201)

    runner = web.AppRunner(_catch_all(issuer), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with api_on(engines, dev_issuer_url=url) as api:
            answered = await api.ask("POST", "/dev/token?user=alice", by=None, json={"user": "alice"})
            assert (answered.status, answered.body) == (201, {"token": "t"})
            assert answered.headers["cache-control"] == "no-store"
            assert seen == [("POST", "/dev/token?user=alice", b'{"user": "alice"}')]
            assert (await api.ask("GET", "/dev/users", by=None)).status == 201
            assert (await api.ask("GET", "/dev/secrets", by=None)).status in (404, 422)
            assert (await api.ask("GET", "/config.json", by=None)).body["development"] is True
            rebound = await api.ask("POST", "/dev/token", by=None, headers={"Host": "evil.example.com"})
            assert (rebound.status, rebound.body["code"]) == (403, "FORBIDDEN")
        async with api_on(engines, dev_issuer_url=url, environment="production") as api:
            assert (await api.ask("GET", "/dev/users", by=None)).status == 404
            assert (await api.ask("GET", "/config.json", by=None)).body["development"] is False
        assert len(seen) == 2
    finally:
        await runner.cleanup()


async def test_a_local_issuer_that_is_away_makes_503(engines: "RunningEngines") -> None:
    async with api_on(engines, dev_issuer_url="http://127.0.0.1:1") as api:
        answered = await api.ask("GET", "/dev/users", by=None)
        assert (answered.status, answered.body["code"]) == (503, "UNAVAILABLE")


def _catch_all(handler: Any) -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    return app


async def test_what_is_under_way_when_it_stops_is_answered(engines: "RunningEngines") -> None:
    async with api_on(engines, outcome_wait_s=1.0) as api:
        room = unique("room")
        asked = asyncio.create_task(api.ask("POST", "/api/rooms", json={"name": "n", "chatRoomId": room}))
        await eventually(lambda: api.log.of(room))
    assert (await asked).status == 202


async def test_a_taken_port_is_named_before_anything_starts(engines: "RunningEngines", bench: Bench) -> None:
    from chassis.health import Health
    from chassis.settings import SettingsError
    from services.persistence.api.app import build

    settings = settings_of(engines, "http://127.0.0.1:1", http_port=bench.api.port)
    with pytest.raises(SettingsError, match="KAIWA_HTTP_PORT"):
        build(settings, Health())


async def test_a_client_that_is_gone_before_the_answer_harms_nobody(bench: Bench) -> None:
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await bench.ask("POST", "/api/rooms", json={"name": "n"}, timeout=aiohttp.ClientTimeout(total=0.05))
    assert (await bench.ask("GET", "/api/rooms")).status == 200
