"""The process `probe` beside a whole cluster: it needs nothing but the two public doors and the tokens of two users."""

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.ports import free_port
from deploy.observability import catalogue
from tests.people import Town
from tests.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.engine]


@pytest.fixture
async def town(cluster: Mapping[str, Any]) -> AsyncIterator[Town]:
    async with Town.of(cluster) as made:
        yield made


class Probe:
    """The running process, by its health port."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    async def is_ready(self) -> bool:
        return (await self._get("/readyz"))[0] == 200

    async def samples(self) -> dict[str, float]:
        _, text = await self._get("/metrics")
        found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {".".join((s.name, *s.labels.values())): s.value for s in found}

    async def registered(self) -> set[str]:
        _, text = await self._get("/metrics")
        return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}

    async def _get(self, path: str) -> tuple[int, str]:
        try:
            async with aiohttp.ClientSession() as http, http.get(self._url + path) as answer:
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""


@asynccontextmanager
async def probe(town: Town, log: Path, **settings: str) -> AsyncIterator[Probe]:
    """`kaiwa run probe` against the cluster, ended by SIGTERM with exit code 0."""
    port = free_port()
    environment = {
        **os.environ,
        "KAIWA_WEBSOCKET_URL": town.cluster["websocketUrl"],
        "KAIWA_HTTP_API_URL": town.cluster["httpApiUrl"],
        "KAIWA_HEALTH_PORT": str(port),
        "KAIWA_PROBE_ROOM": f"probe-{uuid.uuid4().hex[:8]}",
        "KAIWA_PROBE_INTERVAL_S": "0.2",
        **settings,
    }
    with log.open("wb") as output:
        kaiwa = Path(sys.executable).with_name("kaiwa")
        process = await asyncio.create_subprocess_exec(
            kaiwa, "run", "probe", env=environment, stdout=output, stderr=asyncio.subprocess.STDOUT
        )
        try:
            yield Probe(port)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_it_makes_its_room_and_times_messages_from_one_connection_to_another(town: Town, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with probe(town, log, KAIWA_DEV_ISSUER_URL=town.cluster["issuer"]) as running:
        await eventually(running.is_ready, within_s=40)

        async def timed() -> bool:
            return (await running.samples()).get("kaiwa_probe_delivery_seconds_count", 0) >= 3

        await eventually(timed, within_s=30)
        samples = await running.samples()
        assert samples["kaiwa_probe_messages_total.delivered"] >= 4
        assert samples["kaiwa_probe_last_delivered_timestamp_seconds"] > 0
        assert samples["kaiwa_probe_ack_seconds_count"] >= 3
        expected = {metric.name for metric in catalogue.metrics() if metric.processes == ("probe",)}
        assert expected <= await running.registered()
    written = log.read_text()
    assert "eyJ" not in written, "a token is in its log"
    assert "sendMessage" not in written


async def test_with_tokens_from_files_two_approved_users_are_enough(town: Town, tmp_path: Path) -> None:
    people = [await town.person(f"{name}-{uuid.uuid4().hex[:6]}") for name in ("pia", "pol")]
    files = [tmp_path / user for user in people]
    for user, file in zip(people, files, strict=True):
        file.write_text(await town.token(user))
    names = ",".join(map(str, files))
    async with probe(town, tmp_path / "log", KAIWA_PROBE_TOKEN_FILES=names) as running:
        await eventually(running.is_ready, within_s=40)
