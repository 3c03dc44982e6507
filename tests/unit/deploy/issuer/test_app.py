import asyncio
from pathlib import Path

import pytest

from chassis.health import Health
from chassis.http_server import PortTaken, bind, port_of
from chassis.process import Stop
from deploy.issuer.app import build
from deploy.issuer.client import ask_for_token
from deploy.issuer.settings import DevIssuerSettings
from tests.waiting import Eventually


def settings(folder: Path, port: int) -> DevIssuerSettings:
    address = f"http://127.0.0.1:{port}"
    return DevIssuerSettings(port=port, issuer=address, client_id="c", issuer_key_file=folder / "key.pem")


async def test_it_is_ready_when_it_listens_and_ends_when_asked(tmp_path: Path, eventually: Eventually) -> None:
    with bind("127.0.0.1", 0, setting="test") as free:
        port = port_of(free)
    health, stop = Health(), Stop()
    process = build(settings(tmp_path, port), health)
    assert "http" in health.missing()
    running = asyncio.create_task(process.run(stop))
    await eventually(lambda: "http" not in health.missing() or running.done())
    assert await asyncio.to_thread(ask_for_token, f"http://127.0.0.1:{port}", "alice")
    stop.ask()
    await asyncio.wait_for(running, 5)


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0, setting="test") as taken, pytest.raises(PortTaken, match="KAIWA_PORT"):
        await build(settings(tmp_path, port_of(taken)), Health()).run(Stop())
