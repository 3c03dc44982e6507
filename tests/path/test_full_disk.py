"""A disk that fills up under load: what was acked is there when there is room again (a small tmpfs plays the disk)."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import ports
from deploy.local.home import Home
from tests.people import Town
from tests.steady import Steady, assert_nothing_acked_is_lost
from tests.waiting import eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

DISK_MB = 1_300
MESSAGES = 300


class Disk:
    """A file system with room for little more than the cluster needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"
        self.cluster = folder / ".kaiwa"

    def fill(self, left_bytes: int = 300_000) -> None:
        """Take all the room but a little."""
        stat = os.statvfs(self.folder)
        with self.ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, stat.f_bavail * stat.f_frsize - left_bytes)

    def free_bytes(self) -> int:
        stat = os.statvfs(self.folder)
        return stat.f_bavail * stat.f_frsize

    def kaiwa(self, *arguments: str) -> None:
        kaiwa = Path(sys.executable).with_name("kaiwa")
        run = subprocess.run(
            [kaiwa, *arguments, "--dir", self.cluster], capture_output=True, text=True, timeout=200, check=False
        )
        assert run.returncode == 0, run.stderr

    def is_up(self) -> bool:
        return Home(self.cluster).is_held()

    def deaths_of_kafka(self) -> int:
        log = self.cluster / "logs" / "supervisor.log"
        return log.read_text(encoding="utf-8").count("kafka ended")

    def described(self) -> dict[str, Any]:
        path = self.cluster / "cluster.json"
        return {**json.loads(path.read_text(encoding="utf-8")), "path": str(path)}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a tmpfs (root on Linux)")
    made = Disk(tmp_path)
    try:
        yield made
    finally:
        made.ballast.unlink(missing_ok=True)
        made.kaiwa("down")
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


async def test_a_disk_that_fills_up_under_load_loses_nothing_acked(disk: Disk) -> None:
    up = ("up", "--detach", "--port-base", str(ports.free_block(20)))
    await asyncio.to_thread(disk.kaiwa, *up)
    async with Town.of(disk.described()) as town:
        room = await town.room(*[await town.person(user) for user in ("sam", "ron")])
        async with Steady(town, "sam", room, "gateway-1") as sam, Steady(town, "ron", room, "gateway-1") as ron:
            await sam.send_many(50, name="before")
            disk.fill()
            sending = asyncio.create_task(sam.send_many(MESSAGES, name="during", padding="x" * 4_000))
            await eventually(lambda: disk.free_bytes() == 0, within_s=60)
            # The broker dies of it and is started again in vain; five deaths within a minute would end the cluster.
            await eventually(lambda: disk.deaths_of_kafka() > 1 or not disk.is_up(), within_s=120)
            assert not sending.done()
            disk.ballast.unlink()
            if not disk.is_up():
                await asyncio.to_thread(disk.kaiwa, *up)
            await asyncio.wait_for(sending, 200)
            assert len(sam.acked) == 50 + MESSAGES
            await assert_nothing_acked_is_lost(room, sam, [ron])
