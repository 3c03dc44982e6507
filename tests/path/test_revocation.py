"""An admin revokes somebody's sessions (spec 8): their connections end within 2 s, no door takes the old token."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
import websockets

from tests.people import ALL_FEATURES, Connection, Town
from tests.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.engine]
GATEWAYS = ("gateway-1", "gateway-2")


@pytest.fixture
async def town(cluster: Mapping[str, Any]) -> AsyncIterator[Town]:
    async with Town.of(cluster) as made:
        yield made


async def handshake_status(town: Town, gateway: str, token: str, *, in_header: bool = False) -> int:
    base = town.cluster["processes"][gateway]["websocketUrl"]
    headers = {"Authorization": f"Bearer {token}"} if in_header else {}
    url = base if in_header else f"{base}?token={token}"
    try:
        async with websockets.connect(url, proxy=None, additional_headers=headers):
            return 101
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


async def http_status(town: Town, token: str) -> int:
    url = town.cluster["httpApiUrl"].rstrip("/") + "/api/rooms"
    async with aiohttp.request("GET", url, headers={"Authorization": f"Bearer {token}"}) as answer:
        return answer.status


async def refreshed(connection: Connection, token: str) -> str:
    seen = len(connection.frames)
    await connection.send(action="refreshToken", token=token)
    frame = await eventually(lambda: connection.frames[seen:], within_s=10)
    return str(frame[0].get("code", frame[0]["type"]))


async def newer_token(town: Town, user: str, old: str) -> str:
    """A token of a later sign-in: `iat` has whole seconds, and that of the revocation counts as before it."""
    fresh = await Town(town.cluster, town._http).token(user)
    return fresh if await handshake_status(town, "gateway-1", fresh) == 101 else ""


async def test_revoked_sessions_end_everywhere_and_their_tokens_open_no_door(town: Town) -> None:
    names = [f"{name}-{uuid.uuid4().hex[:6]}" for name in ("victim", "bystander")]
    user, bystander = [await town.person(name) for name in names]
    old = await town.token(user)
    open_ones = [await town.connect(user, gateway=gateway, features=ALL_FEATURES) for gateway in GATEWAYS * 2]
    other = await town.connect(bystander)
    assert await http_status(town, old) == 200
    began = time.monotonic()
    status, _ = await town.call("root", "DELETE", f"/api/users/{user}/sessions", admin=True)
    assert status == 204
    assert await asyncio.gather(*(connection.end(within_s=10) for connection in open_ones)) == [4403] * 4
    assert time.monotonic() - began < 2.0
    for gateway in GATEWAYS:
        assert await handshake_status(town, gateway, old) == 401
        assert await handshake_status(town, gateway, old, in_header=True) == 401
    assert await http_status(town, old) == 401
    assert other.closed is None
    fresh = await eventually(lambda: newer_token(town, user, old), within_s=10)
    again = Town(town.cluster, town._http)
    again._tokens[user, False] = fresh
    connection = await again.connect(user, features=ALL_FEATURES, wait=False)
    assert await refreshed(connection, old) == "INVALID_TOKEN"
    assert await refreshed(connection, fresh) == "TOKEN_REFRESHED"
    assert await http_status(town, fresh) == 200
    await asyncio.gather(connection.close(), other.close())
