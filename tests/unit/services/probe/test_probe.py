"""The whole probe against a stand-in for the two doors."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.health import Health
from chassis.process import Stop
from services.probe.app import build
from tests.unit.services.probe.site import Site
from tests.waiting import eventually


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site.open() as opened:
        yield opened


class Probing:
    def __init__(self) -> None:
        self.health = Health()
        self.health.started()
        self._before = {name: self._now(name) for name in (*OUTCOMES, "returns")}

    def counted(self, name: str) -> float:
        return self._now(name) - self._before[name]

    def _now(self, name: str) -> float:
        if name == "returns":
            return REGISTRY.get_sample_value("kaiwa_probe_returns_total") or 0.0
        return REGISTRY.get_sample_value("kaiwa_probe_messages_total", {"outcome": name}) or 0.0


OUTCOMES = ("delivered", "unreachable", "refused", "cut", "not_acknowledged", "not_delivered")


@contextlib.asynccontextmanager
async def probing(site: Site, **changes: Any) -> AsyncIterator[Probing]:
    made, stop = Probing(), Stop()
    task = asyncio.create_task(build(site.settings(**changes), made.health).run(stop))
    try:
        yield made
    finally:
        stop.ask()
        async with asyncio.timeout(10):
            await task


async def test_it_makes_its_room_and_sends_both_ways_between_two_users(site: Site) -> None:
    async with probing(site) as probe:
        assert probe.health.missing() == {"probe": "no message was delivered yet"}
        await eventually(lambda: probe.counted("delivered") >= 4)
        assert probe.health.ready
    assert site.rooms == {"kaiwa-probe": {"probe-1", "probe-2"}}
    assert len({frame["clientMessageId"] for frame in site.sent}) == len(site.sent)
    assert sum(probe.counted(outcome) for outcome in OUTCOMES) == probe.counted("delivered")


async def test_it_comes_back_from_a_restart_of_the_gateway_and_calls_that_no_failure(site: Site) -> None:
    async with probing(site) as probe:
        await eventually(lambda: probe.counted("delivered") >= 1)
        await site.connections["probe-1"].close(1012)
        await eventually(lambda: probe.counted("returns") == 1)
        before = probe.counted("delivered")
        await eventually(lambda: probe.counted("delivered") > before)
        assert probe.counted("cut") == 0


async def test_a_lost_connection_is_a_failure_and_it_goes_on(site: Site) -> None:
    async with probing(site) as probe:
        await eventually(lambda: probe.counted("delivered") >= 1)
        site.connections["probe-2"].transport.abort()
        await eventually(lambda: probe.counted("cut") == 1)
        before = probe.counted("delivered")
        await eventually(lambda: probe.counted("delivered") > before)


@pytest.mark.parametrize(
    ("fault", "outcome", "says"),
    [
        ({"acknowledges": False, "delivers": False}, "not_acknowledged", "no ACK within 0.5 s"),
        ({"delivers": False}, "not_delivered", "acknowledged, and not delivered within 0.5 s"),
        ({"handshake_status": 503}, "unreachable", "the handshake is answered with 503"),
        ({"handshake_status": 401}, "refused", "the handshake is answered with 401"),
        ({"api_status": 503}, "unreachable", "the HTTP API answers 503"),
        ({"api_status": 401}, "refused", "a token is refused by the HTTP API (401)"),
    ],
)
async def test_each_failure_is_counted_by_its_kind_said_by_readiness_and_left_behind(
    site: Site, fault: dict[str, Any], outcome: str, says: str
) -> None:
    well = {name: getattr(site, name) for name in fault}
    vars(site).update(fault)
    async with probing(site) as probe:
        await eventually(lambda: probe.counted(outcome) >= 1)
        assert probe.health.missing() == {"probe": says}
        vars(site).update(well)
        await eventually(lambda: probe.health.ready)


async def test_token_files_are_read_again_for_each_connection(site: Site, tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    for user, file in zip(("anna", "ben"), files, strict=True):
        file.write_text(f"token-of-{user}-1\n")
    site.rooms["kaiwa-probe"] = {"anna", "ben"}
    names = ",".join(map(str, files))
    async with probing(site, dev_issuer_url=None, probe_token_files=names) as probe:
        await eventually(lambda: probe.counted("delivered") >= 1)
        files[0].write_text("token-of-anna-2\n")
        await site.connections["anna"].close(4401)
        await eventually(lambda: "Bearer token-of-anna-2" in site.authorizations)
        before = probe.counted("delivered")
        await eventually(lambda: probe.counted("delivered") > before)
    assert site.issued == 0


async def test_who_is_not_approved_is_told_what_to_do(site: Site, tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    for user, file in zip(("anna", "ben"), files, strict=True):
        file.write_text(f"token-of-{user}-1")
    async with probing(site, dev_issuer_url=None, probe_token_files=",".join(map(str, files))) as probe:
        await eventually(lambda: probe.counted("refused") >= 1)
        assert "an admin approves both users once" in probe.health.missing()["probe"]


async def test_neither_tokens_nor_messages_are_logged_however_much_is(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with probing(site) as probe:
        await eventually(lambda: probe.counted("delivered") >= 1)
        site.handshake_status = 401
        await site.connections["probe-1"].close(1008)
        await eventually(lambda: probe.counted("refused") >= 1)
    written = caplog.text + "".join(capsys.readouterr())
    assert "the handshake is answered with 401" in written
    assert "token-of-" not in written
    assert "sendMessage" not in written
