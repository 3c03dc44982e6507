"""A disk that fills up under load: what was acked is there when there is room again (a small tmpfs plays the disk).

The broker's disk: DynamoDB Local loses transactions that it acknowledged when its own fills up.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import ports
from deploy.local.home import Home
from tests.people import Town
from tests.small_disk import SmallDisk
from tests.steady import Steady, assert_nothing_acked_is_lost
from tests.waiting import eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

DISK_MB = 200
MESSAGES = 300


class ClusterOnADisk:
    """A cluster whose broker has a file system with room for little more than it needs."""

    def __init__(self, folder: Path) -> None:
        self.cluster = folder
        self.disk = SmallDisk(folder / "kafka")

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
def there(tmp_path: Path) -> Iterator[ClusterOnADisk]:
    made = ClusterOnADisk(tmp_path / ".kaiwa")
    if not made.disk.mount(DISK_MB):
        pytest.skip("needs the right to mount a tmpfs (root on Linux)")
    try:
        yield made
    finally:
        made.disk.make_room()
        made.kaiwa("down")
        made.disk.unmount()


async def test_a_disk_that_fills_up_under_load_loses_nothing_acked(there: ClusterOnADisk) -> None:
    up = ("up", "--detach", "--port-base", str(ports.free_block(20)))
    await asyncio.to_thread(there.kaiwa, *up)
    async with Town.of(there.described()) as town:
        room = await town.room(*[await town.person(user) for user in ("sam", "ron")])
        async with Steady(town, "sam", room, "gateway-1") as sam, Steady(town, "ron", room, "gateway-1") as ron:
            await sam.send_many(50, name="before")
            there.disk.fill()
            sending = asyncio.create_task(sam.send_many(MESSAGES, name="during", padding="x" * 4_000))
            await eventually(lambda: there.disk.free_bytes == 0, within_s=60)
            # The broker dies of it and is started again in vain; five deaths within a minute would end the cluster.
            await eventually(lambda: there.deaths_of_kafka() > 1 or not there.is_up(), within_s=120)
            assert not sending.done()
            there.disk.make_room()
            if not there.is_up():
                await asyncio.to_thread(there.kaiwa, *up)
            await asyncio.wait_for(sending, 200)
            assert len(sam.acked) == 50 + MESSAGES
            await assert_nothing_acked_is_lost(room, sam, [ron])
