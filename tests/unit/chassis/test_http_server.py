"""uvicorn inside a process: its socket, its start and its end."""

import socket
from contextlib import closing

import aiohttp
import pytest

from chassis.health import Health
from chassis.health_server import health_app
from chassis.http_server import PortTaken, bind, port_of, serving


def test_a_port_that_is_taken_names_the_setting_to_change() -> None:
    with (
        closing(bind("127.0.0.1", 0, setting="KAIWA_PORT")) as first,
        pytest.raises(PortTaken, match="KAIWA_HEALTH_PORT"),
    ):
        bind("127.0.0.1", port_of(first), setting="KAIWA_HEALTH_PORT")


def test_port_zero_is_any_free_one() -> None:
    with closing(bind("127.0.0.1", 0, setting="KAIWA_PORT")) as sock:
        assert port_of(sock) > 0


async def test_health_never_depends_on_what_is_missing() -> None:
    health = Health()
    sock = bind("127.0.0.1", 0, setting="KAIWA_HEALTH_PORT")
    url = f"http://127.0.0.1:{port_of(sock)}"
    async with serving(health_app("quiet", health), sock), aiohttp.ClientSession() as session:
        async with session.get(f"{url}/healthz") as alive, session.get(f"{url}/readyz") as ready:
            assert (alive.status, ready.status) == (200, 503)
            assert (await ready.json())["missing"] == {"start": "starting"}
        health.started()
        async with session.get(f"{url}/readyz") as ready, session.get(f"{url}/metrics") as metrics:
            assert (ready.status, metrics.status) == (200, 200)


async def test_nobody_listens_after_the_block() -> None:
    sock = bind("127.0.0.1", 0, setting="KAIWA_HEALTH_PORT")
    port = port_of(sock)
    async with serving(health_app("quiet", Health()), sock):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
