"""How connections end, and what the log is told of it (spec 4 and 7)."""

import asyncio
import time

import pytest
import pytest_asyncio
import websockets

from contracts.connections import Disconnected
from contracts.controls import CloseConnection, EpochLapsed, SessionsRevoked
from contracts.gateways import LeaseRenewed
from contracts.ids import new_epoch, new_event_id
from contracts.timestamps import iso
from contracts.topics import CONTROLS, GATEWAYS
from tests import tokens
from tests.path.gateway_bench import Bench, Running, closed, frame, say, unique
from tests.path.test_gateway_handshake import refused
from tests.waiting import eventually

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(bench: Bench) -> Running:
    return await bench.start()


async def ended(bench: Bench, connection_id: str) -> tuple[int, str]:
    (event,) = await eventually(lambda: bench.log.of(Disconnected, connection_id=connection_id))
    return event.code, event.reason


async def test_a_close_without_a_code_is_1005(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user)
    client.protocol.send_close()
    client.send_data()
    expected = (1005, "Client-side close frame status not set")
    assert await ended(bench, await bench.connection_id(user)) == expected


async def test_a_close_with_a_code_is_told_as_it_was(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user)
    await client.close(4000, "going home")
    assert await ended(bench, await bench.connection_id(user)) == (4000, "going home")


async def test_a_lost_connection_is_1006(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user)
    client.transport.abort()
    assert await ended(bench, await bench.connection_id(user)) == (1006, "Connection lost")


async def test_no_token_reaches_the_log_in_a_reason(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user)
    await client.close(4000, f"token={tokens.part('secret')}")
    assert await ended(bench, await bench.connection_id(user)) == (4000, "token=[redacted]")


async def test_an_idle_connection_goes_away(bench: Bench) -> None:
    impatient = await bench.start(idle_s=1.0)
    idle, busy = unique("idle"), unique("busy")
    client, other = await bench.connect(impatient, idle), await bench.connect(impatient, busy)
    began = time.monotonic()
    while client.close_code is None and time.monotonic() - began < 10:
        await say(other, "ping")
        await asyncio.sleep(0.1)
    assert await closed(client) == (1001, "Going away")
    assert await ended(bench, await bench.connection_id(idle)) == (1001, "Going away")
    await say(other, "ping", id=1)
    assert (await frame(other))["type"] == "PONG"


async def test_a_connection_lives_no_longer_than_its_duration(bench: Bench) -> None:
    short = await bench.start(duration_s=0.5)
    client = await bench.connect(short, unique("user"))
    assert await closed(client) == (1001, "Going away")


async def test_an_expired_token_ends_a_connection_with_features_alone(bench: Bench) -> None:
    strict = await bench.start(expiry_grace_s=0.5)
    claims = tokens.claims(sub=unique("user"), exp=int(time.time()) + 2)
    url = f"{strict.url}?token={tokens.token(claims)}"
    old = await websockets.connect(url, proxy=None)
    new = await websockets.connect(f"{url}&features=read", proxy=None)
    bench.clients += [old, new]
    assert await closed(new) == (4401, "Token expired")
    await say(old, "ping", id=1)
    assert (await frame(old))["type"] == "PONG"


async def test_a_fresh_token_keeps_a_connection(bench: Bench) -> None:
    strict = await bench.start(expiry_grace_s=0.1, enforce_expiry="always")
    user = unique("user")
    claims = tokens.claims(sub=user, exp=int(time.time()) + 2)
    client = await websockets.connect(f"{strict.url}?token={tokens.token(claims)}&features=read", proxy=None)
    bench.clients.append(client)
    await say(client, "refreshToken", token=tokens.token(tokens.claims(sub=user, exp=int(time.time()) + 4)))
    assert (await frame(client))["type"] == "TOKEN_REFRESHED"
    began = time.time()
    assert await closed(client) == (4401, "Token expired")
    assert time.time() - began > 2.0


async def test_who_answers_no_ping_is_lost(bench: Bench) -> None:
    curious = await bench.start(ping_interval_s=0.3, pong_timeout_s=0.5)
    user, answering = unique("mute"), unique("user")
    good = await bench.connect(curious, answering)
    mute = await bench.connect(curious, user)
    mute.transport.pause_reading()
    assert await ended(bench, await bench.connection_id(user)) == (1006, "Connection lost")
    await say(good, "ping", id=1)
    assert (await frame(good))["type"] == "PONG"


async def test_revoked_sessions_are_closed_and_older_tokens_refused(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    token = tokens.token(tokens.claims(sub=user, iat=int(time.time()) - 60))
    client = await websockets.connect(f"{gateway.url}?token={token}", proxy=None)
    bench.clients.append(client)
    bystander = await bench.connect(gateway, unique("user"))
    order = SessionsRevoked(
        event_id=new_event_id(),
        occurred_at=iso(0),
        user_id=user,
        revoked_at=iso(int(time.time() * 1000) - 30_000),
    )
    await bench.publish(CONTROLS, user, order)
    assert await closed(client, within_s=2) == (4403, "Sessions revoked")
    assert (await refused(f"{gateway.url}?token={token}"))[0] == 401
    late = await bench.start()
    assert (await refused(f"{late.url}?token={token}"))[0] == 401
    await bench.connect(gateway, user)
    await say(bystander, "ping", id=1)
    assert (await frame(bystander))["type"] == "PONG"


async def test_a_connection_is_closed_on_order(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    client = await bench.connect(gateway, user)
    connection_id = await bench.connection_id(user)
    order = CloseConnection(
        event_id=new_event_id(),
        occurred_at=iso(0),
        connection_id=connection_id,
        user_id=user,
        gateway_id=gateway.gateway_id,
        epoch=gateway.epoch,
        code=4409,
        reason="Too many connections",
    )
    await bench.publish(CONTROLS, user, order)
    assert await closed(client) == (4409, "Too many connections")
    assert await ended(bench, connection_id) == (4409, "Too many connections")


async def test_a_gateway_that_reads_its_own_lapse_begins_again(bench: Bench) -> None:
    paused = await bench.start()
    user, before = unique("user"), paused.epoch
    client = await bench.connect(paused, user)
    old = await bench.connection_id(user)
    lapse = EpochLapsed(event_id=new_event_id(), occurred_at=iso(0), gateway_id=paused.gateway_id, epoch=before)
    await bench.publish(CONTROLS, paused.gateway_id, lapse)
    assert await closed(client) == (1012, "Service restart")
    await eventually(lambda: paused.health.ready and paused.epoch != before)
    assert await ended(bench, old) == (1012, "Service restart")
    await bench.connect(paused, user)
    renewed = bench.log.of(LeaseRenewed, gateway_id=paused.gateway_id, epoch=paused.epoch)
    assert renewed
    status, _, _ = await bench.signed("GET", f"{paused.api_url}/@connections/{old.replace('=', '%3D')}")
    assert status == 410


async def test_the_lease_is_renewed(bench: Bench) -> None:
    eager = await bench.start(lease_interval_s=0.2)
    await eventually(lambda: len(bench.log.of(LeaseRenewed, gateway_id=eager.gateway_id, epoch=eager.epoch)) > 3)


async def test_a_second_process_under_the_same_name_ends_the_first(bench: Bench) -> None:
    first = await bench.start()
    client = await bench.connect(first, unique("user"))
    other = LeaseRenewed(
        event_id=new_event_id(),
        occurred_at=iso(0),
        gateway_id=first.gateway_id,
        epoch=new_epoch(),
        address="http://127.0.0.1:9/prod",
    )
    await bench.publish(GATEWAYS, first.gateway_id, other)
    assert await closed(client) == (1012, "Service restart")
    with pytest.raises(Exception, match="another process runs as"):
        await asyncio.wait_for(asyncio.shield(first.task), 20)


async def test_a_poisoned_control_is_passed_over(bench: Bench, gateway: Running) -> None:
    from chassis.publisher import Publisher
    from chassis.records import Outgoing

    async with Publisher(gateway.gateway.settings, name="poison") as publisher:
        for value in (b"not JSON", None, b'{"type":"unknown","version":1}', b'{"type":"closeConnection","version":9}'):
            await publisher.publish([Outgoing(CONTROLS.name, "k", value), Outgoing(GATEWAYS.name, "k", value)])
    user = unique("user")
    client = await bench.connect(gateway, user)
    order = SessionsRevoked(
        event_id=new_event_id(), occurred_at=iso(0), user_id=user, revoked_at=iso(int(time.time() * 1000) + 5000)
    )
    await bench.publish(CONTROLS, user, order)
    assert (await closed(client))[0] == 4403
