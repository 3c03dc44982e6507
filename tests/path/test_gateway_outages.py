"""A Kafka that does not answer: nothing is acked that is not in the log, and nothing is forgotten (spec 3)."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from contracts.connections import Disconnected
from contracts.submissions import SendMessage
from deploy.local.engines import KafkaEngine
from tests import tokens
from tests.path.gateway_bench import Bench, Running, bench_on, frame, say, unique
from tests.path.test_gateway_handshake import refused
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kafka(engines: "RunningEngines") -> AsyncIterator[KafkaEngine]:
    """A broker of our own, to pause."""
    engine = await asyncio.to_thread(engines.own.kafka)
    yield engine
    engine.resume()
    engine.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(kafka: KafkaEngine) -> AsyncIterator[Bench]:
    async with bench_on(kafka.bootstrap) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(bench: Bench) -> Running:
    return await bench.start(acknowledgement_s=1.5)


async def test_without_an_acknowledgement_it_is_unavailable_and_the_ack_may_come_late(
    kafka: KafkaEngine, bench: Bench, gateway: Running
) -> None:
    user, room = unique("user"), unique("room")
    client = await bench.connect(gateway, user)
    quiet = await bench.connect(gateway, unique("user"))
    kafka.pause()
    try:
        await say(client, "sendMessage", chatRoomId=room, content="c", clientMessageId="k")
        await say(quiet, "sendMessage", chatRoomId=room, content="d")
        error = await frame(client)
        assert (error["code"], error["retryable"], error["clientMessageId"]) == ("UNAVAILABLE", True, "k")
        status, kind, _ = await refused(f"{gateway.url}?token={tokens.token()}")
        assert (status, kind) == (503, "ServiceUnavailableException")
        await quiet.close()
    finally:
        kafka.resume()
    ack = await frame(client, within_s=30)
    assert (ack["type"], ack["clientMessageId"]) == ("ACK", "k")
    await eventually(lambda: len(bench.log.of(SendMessage, chat_room_id=room)) == 2, within_s=20)
    await eventually(lambda: gateway.health.ready, within_s=20)
    await say(client, "sendMessage", chatRoomId=room, content="e", clientMessageId="k2")
    assert (await frame(client))["clientMessageId"] == "k2"


async def test_a_refused_handshake_leaves_no_open_connection_in_the_log(
    kafka: KafkaEngine, bench: Bench, gateway: Running
) -> None:
    user = unique("user")
    await eventually(lambda: gateway.health.ready, within_s=20)
    kafka.pause()
    try:
        status, _, _ = await refused(f"{gateway.url}?token={tokens.token(tokens.claims(sub=user))}")
        assert status == 503
    finally:
        kafka.resume()
    (ended,) = await eventually(lambda: bench.log.of(Disconnected, user_id=user), within_s=30)
    names = [type(event).__name__ for event in bench.log.events if getattr(event, "user_id", None) == user]
    assert names == ["Connected", "Disconnected"]
    assert ended.code == 1006


async def test_a_broker_that_restarts_loses_no_ending(kafka: KafkaEngine, bench: Bench, gateway: Running) -> None:
    user = unique("user")
    await eventually(lambda: gateway.health.ready, within_s=20)
    client = await bench.connect(gateway, user)
    connection_id = await bench.connection_id(user)
    await asyncio.to_thread(kafka.stop)
    await client.close()
    await asyncio.to_thread(kafka.start)
    await eventually(lambda: bench.log.of(Disconnected, connection_id=connection_id), within_s=60)
    await eventually(lambda: gateway.health.ready, within_s=60)
