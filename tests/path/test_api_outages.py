"""What a client of the HTTP API sees while Kafka or the table is away, and that it is over when they are back."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests import tokens
from tests.path.api_bench import Answered, Bench, api_on, running, settings_of, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from deploy.local.engines import DynamoDBEngine, KafkaEngine
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


class Own:
    """Engines that only these tests use, since they are paused here."""

    def __init__(self, kafka: "KafkaEngine", dynamodb: "DynamoDBEngine") -> None:
        self.kafka = kafka
        self.dynamodb = dynamodb


@pytest.fixture(scope="module")
def own(engines: "RunningEngines") -> Iterator[Own]:
    made = Own(engines.own.kafka(wait=False), engines.own.dynamodb(wait=False))
    made.kafka.wait_ready()
    made.dynamodb.wait_ready()
    yield made
    made.kafka.kill()
    made.dynamodb.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(own: Own) -> AsyncIterator[Bench]:
    limits = {"table_read_timeout_s": 0.5, "acknowledgement_s": 1.0, "outcome_wait_s": 1.5}
    async with api_on(own, **limits) as api:  # type: ignore[arg-type]  # it has the engines that are asked for
        yield api


def assert_unavailable(answered: Answered) -> None:
    assert (answered.status, answered.body["code"]) == (503, "UNAVAILABLE")
    assert int(answered.headers["retry-after"]) >= 1


async def test_while_the_table_is_away_reads_are_answered_503_and_readiness_says_so(own: Own, bench: Bench) -> None:
    own.dynamodb.pause()
    try:
        assert_unavailable(await bench.ask("GET", "/api/rooms"))
        await eventually(lambda: bench.health.missing().get("table", "").startswith("TABLE_UNAVAILABLE"))
    finally:
        own.dynamodb.resume()
    assert (await bench.ask("GET", "/api/rooms")).status == 200
    await eventually(lambda: bench.health.ready)


async def test_a_command_whose_outcome_cannot_be_read_is_answered_202_since_it_is_in_the_log(
    own: Own, bench: Bench
) -> None:
    room = unique("room")
    own.dynamodb.pause()
    try:
        answered = await bench.ask("PUT", f"/api/rooms/{room}/participants/bob")
    finally:
        own.dynamodb.resume()
    (event,) = bench.log.of(room)
    assert (answered.status, answered.body) == (202, {"eventId": event.event_id})


async def test_while_kafka_is_away_commands_are_answered_503_and_reads_go_on(own: Own, bench: Bench) -> None:
    room = await bench.room("alice")
    own.kafka.pause()
    try:
        began = time.monotonic()
        answered = await bench.ask("PUT", f"/api/rooms/{room}/participants/bob")
        assert_unavailable(answered)
        assert "not known" in answered.body["detail"]
        assert time.monotonic() - began < 5
        assert_unavailable(await bench.ask("GET", "/api/users/me", by=unique("user")))
        assert_unavailable(await bench.ask("DELETE", "/api/users/bob/sessions", by="root", groups=["admin"]))
        assert (await bench.ask("GET", f"/api/rooms/{room}")).status == 200
        assert (await bench.ask("GET", f"/api/rooms/{room}/messages")).status == 200
        await eventually(lambda: "kafka" in bench.health.missing(), within_s=20)
    finally:
        own.kafka.resume()
    await eventually(lambda: bench.health.ready, within_s=30)
    other = unique("room")
    bench.answers[other] = ["FORBIDDEN"]
    assert (await bench.ask("PUT", f"/api/rooms/{other}/participants/bob")).status == 403


async def test_a_request_ends_at_its_time_limit(own: Own) -> None:
    limits = {"http_time_limit_s": 0.5, "table_read_timeout_s": 3.0}
    async with api_on(own, **limits) as api:  # type: ignore[arg-type]  # it has the engines that are asked for
        own.dynamodb.pause()
        try:
            began = time.monotonic()
            assert_unavailable(await api.ask("GET", "/api/rooms"))
            assert time.monotonic() - began < 3
        finally:
            own.dynamodb.resume()


async def test_more_requests_than_may_be_under_way_are_refused_at_once(own: Own) -> None:
    limits = {"http_concurrency": 3, "table_read_timeout_s": 1.0}
    async with api_on(own, **limits) as api:  # type: ignore[arg-type]  # it has the engines that are asked for
        own.dynamodb.pause()
        try:
            waiting = [asyncio.create_task(api.ask("GET", "/api/rooms")) for _ in range(3)]

            async def full() -> bool:
                answered = await api.ask("GET", "/config.json", by=None)
                return answered.status == 503 and "Too many" in answered.body["detail"]

            await eventually(full)
        finally:
            own.dynamodb.resume()
        await asyncio.gather(*waiting)
        assert (await api.ask("GET", "/api/rooms")).status == 200


async def test_before_revocations_are_known_nobody_is_let_in_but_the_page_is_there(engines: "RunningEngines") -> None:
    async with tokens.key_server() as issuer:
        settings = settings_of(engines, issuer.url, kafka_bootstrap="127.0.0.1:1")
        async with running(settings, prepared=False) as api:
            answered = await eventually(lambda: _asked(api))
            assert_unavailable(answered)
            assert "revoked" in answered.body["detail"]
            assert (await api.ask("GET", "/", by=None)).status == 200
            assert (await api.ask("GET", "/config.json", by=None)).status == 200
            assert {"kafka", "table", "api controls", "api presence"} <= set(api.health.missing())


async def _asked(api: Bench) -> Answered | None:
    # The port is bound before the server accepts on it.
    return await api.ask("GET", "/api/rooms")
