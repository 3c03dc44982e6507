"""Kafka over TLS with SASL is a matter of settings, for aiokafka and Faust alike."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chassis.health import Health
from chassis.process import Stop
from services.presence.app import build
from tests.path.presence_bench import desk_on, person, settings_on
from tests.path.secure_kafka import SecureKafka, secure_kafka
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def kafka(engines: "RunningEngines", tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(Path(tmp_path_factory.mktemp("secure"))) as running:
        yield running


async def test_a_process_on_faust_and_aiokafka_works_through_scram_over_tls(
    engines: "RunningEngines", kafka: SecureKafka
) -> None:
    settings = settings_on(engines.kafka, engines.dynamodb, **kafka.settings())
    async with desk_on(settings) as desk:
        health, user = desk.start(), person()
        connection_id = await desk.connect(user)
        await eventually(lambda: desk.has_rows(user, connection_id, 2), within_s=30)
        await eventually(lambda: health.ready)
        assert await desk.presence_is(user, "online", 1)


async def test_a_wrong_password_is_named_and_ends_nothing(engines: "RunningEngines", kafka: SecureKafka) -> None:
    settings = settings_on(engines.kafka, engines.dynamodb, **kafka.settings("wrong"))
    health, stop = Health(), Stop()
    health.started()
    process = asyncio.create_task(build(settings, health).run(stop))
    try:
        await eventually(lambda: any("Kafka" in why for why in health.missing().values()), within_s=30)
        assert not process.done()
        assert "wrong" not in str(health.missing())
    finally:
        stop.ask()
        await process
