"""`kaiwa health`, beside a process with the real health server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from chassis.health import Health
from chassis.health_server import health_app
from chassis.http_server import bind, port_of, serving


class Beside:
    """A process that serves its health."""

    def __init__(self, port: int, health: Health) -> None:
        self.port = port
        self.health = health

    async def asked(self) -> tuple[int | None, str]:
        """The exit code of a health check, and what it says."""
        check = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cli.health",
            env={"KAIWA_HEALTH_PORT": str(self.port)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await check.communicate()
        return check.returncode, said.decode()


@pytest.fixture
async def process() -> AsyncIterator[Beside]:
    health = Health()
    sock = bind("127.0.0.1", 0, setting="KAIWA_HEALTH_PORT")
    async with serving(health_app("fanout", health), sock):
        yield Beside(port_of(sock), health)


async def test_a_ready_process_is_0_and_one_that_is_not_is_1_and_says_what_is_missing(process: Beside) -> None:
    assert (await process.asked())[0] == 1
    process.health.started()
    assert await process.asked() == (0, "ready\n")
    process.health.set("kafka", "it cannot be reached")
    assert await process.asked() == (1, "kafka: it cannot be reached\n")


async def test_without_a_port_it_is_2_and_names_the_setting(process: Beside) -> None:
    process.port = "x"  # type: ignore[assignment] # what somebody may have set
    code, said = await process.asked()
    assert code == 2
    assert "KAIWA_HEALTH_PORT is missing or wrong" in said
