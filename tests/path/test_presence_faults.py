"""Presence workers that are killed or paused, and Kafka that goes away: every connection ends where the log says."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

import pytest

from contracts.topics import CONNECTIONS, DEAD_LETTERS, PRESENCE
from services.presence.settings import PresenceSettings
from tests.path.presence_bench import Desk, desk_on, person, settings_on
from tests.waiting import eventually

if TYPE_CHECKING:
    from deploy.local.engines import KafkaEngine
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine

OWN = (
    "kafka_bootstrap",
    "dynamodb_endpoint",
    "region",
    "access_key_id",
    "partitions",
    "table",
    "presence_group",
    "offline_grace_s",
    "presence_session_timeout_s",
)


@pytest.fixture
async def desk(engines: "RunningEngines", quiet_kafka: "KafkaEngine") -> AsyncIterator[Desk]:
    async with desk_on(settings_on(quiet_kafka, engines.dynamodb)) as made:
        yield made


@contextlib.asynccontextmanager
async def worker(settings: PresenceSettings) -> AsyncIterator[asyncio.subprocess.Process]:
    """Presence as a process of its own."""
    environ = {f"KAIWA_{name.upper()}": str(getattr(settings, name)) for name in OWN}
    secret = settings.secret_access_key
    environ["KAIWA_SECRET_ACCESS_KEY"] = secret.get_secret_value() if secret else ""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.presence", env=os.environ | environ, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_worker_that_is_killed_leaves_nothing_undone(desk: Desk) -> None:
    first = person()
    users = [person() for _ in range(60)]
    async with worker(desk.settings) as process:
        await eventually(partial(desk.has_rows, first, await desk.connect(first), 2), within_s=60)
        kept = {user: await desk.connect(user) for user in users[:30]}
        gone = {user: await desk.connect(user) for user in users[30:]}
        for user, connection_id in gone.items():
            await desk.disconnect(user, connection_id)
        process.kill()
    desk.start()
    for user, connection_id in gone.items():
        await eventually(partial(desk.presence_is, user, "offline", 0), within_s=60)
        assert await desk.rows(user, connection_id) == []
    for user, connection_id in kept.items():
        await eventually(partial(desk.has_rows, user, connection_id, 2), within_s=60)
        assert await desk.presence_is(user, "online", 1)


async def test_a_worker_that_was_paused_brings_nothing_back(desk: Desk) -> None:
    async with worker(desk.settings) as process:
        users = [person() for _ in range(6)]
        connections = [await desk.connect(user) for user in users]
        for user, connection_id in zip(users, connections, strict=True):
            await eventually(partial(desk.has_rows, user, connection_id, 2), within_s=60)
        # It stops with all of these on their way to it.
        late = [await desk.connect(user) for user in users]
        process.send_signal(signal.SIGSTOP)
        desk.start(presence_session_timeout_s=6.0)
        for user, one, two in zip(users, connections, late, strict=True):
            await desk.disconnect(user, one)
            await desk.disconnect(user, two)
        for user in users:
            await eventually(partial(desk.presence_is, user, "offline", 0), within_s=60)
        process.send_signal(signal.SIGCONT)
        # Both share the work again once everybody's next connection is handled.
        again = [await desk.connect(user) for user in users]
        for user, connection_id in zip(users, again, strict=True):
            await eventually(partial(desk.has_rows, user, connection_id, 2), within_s=60)
            await eventually(partial(desk.presence_is, user, "online", 1), within_s=60)
        for user, one, two in zip(users, connections, late, strict=True):
            assert await desk.rows(user, one) == []
            assert await desk.rows(user, two) == []


async def test_a_newer_version_is_waited_for_and_no_offset_is_committed_past_it(engines: "RunningEngines") -> None:
    kafka = engines.own.kafka()  # its own: the event would stop every group that reads it
    async with desk_on(settings_on(kafka, engines.dynamodb)) as desk:
        health, user = desk.start(), person()
        await eventually(partial(desk.has_rows, user, await desk.connect(user), 2), within_s=60)
        await eventually(desk.is_all_committed)
        await desk.publish(CONNECTIONS.name, user, b'{"type":"connected","version":99}')
        behind = await desk.connect(user)
        await eventually(lambda: any("UNKNOWN_VERSION" in problem for problem in health.missing().values()))
        await desk.stop()
        assert await desk.uncommitted() == 2
        assert await desk.rows(user, behind) == []
        assert await desk.events(DEAD_LETTERS.name, lambda _message: True) == []
    kafka.kill()


async def test_kafka_that_goes_away_and_comes_back_costs_nothing(engines: "RunningEngines") -> None:
    kafka = engines.own.kafka()
    settings = settings_on(kafka, engines.dynamodb, tick_interval_s=0.5)
    async with desk_on(settings) as desk:
        health, user = desk.start(), person()
        await eventually(partial(desk.has_rows, user, await desk.connect(user), 2), within_s=60)
        kafka.kill()
        await eventually(lambda: not health.ready, within_s=30)
        await asyncio.to_thread(kafka.start)
        for _ in range(3):
            await desk.renew()
        late = person()
        await eventually(partial(desk.has_rows, late, await desk.connect(late), 2), within_s=60)
        await eventually(partial(desk.presence_is, late, "online", 1))
        await eventually(lambda: health.ready, within_s=30)
        events = await desk.events(PRESENCE.name, lambda event: event.user_id in (user, late))
        assert {event.status for event in events} == {"online"}
        assert await desk.events(DEAD_LETTERS.name, lambda _message: True) == []
    kafka.kill()
