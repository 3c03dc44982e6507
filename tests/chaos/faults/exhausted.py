"""Faults of what the machine gives: no room on the disk, no more open files."""

import os
import resource
from pathlib import Path

from tests.chaos.faults.fault import Fault, NotPossible, Stage


class FullDisk(Fault):
    """The broker's file system is full for a while. It needs one of its own (`SmallDisk`).

    Not the table's: DynamoDB Local loses transactions that it acknowledged when its file system fills up.
    """

    name = "full disk"

    def __init__(self, hold_s: float = 15.0) -> None:
        super().__init__("kafka", hold_s)

    async def begin(self, stage: Stage) -> None:
        if not stage.cluster.disk.is_mounted:
            raise NotPossible("needs the right to mount a tmpfs (root on Linux)")
        stage.cluster.disk.fill()

    async def end(self, stage: Stage) -> None:
        stage.cluster.disk.make_room()


class FilesExhausted(Fault):
    """A process may open no file and no socket more than it has."""

    name = "files exhausted"
    _before: tuple[int, int, int] | None = None
    """The process, and its soft and its hard limit."""

    async def begin(self, stage: Stage) -> None:
        pid = stage.cluster.pid(self.target)
        if pid is None or not hasattr(resource, "prlimit"):
            raise NotPossible(f"{self.target} does not run just now, or this is not Linux")
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        self._before = (pid, soft, hard)
        highest = max(int(name) for name in os.listdir(Path("/proc", str(pid), "fd")))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, hard))

    async def end(self, stage: Stage) -> None:
        if self._before is not None and stage.cluster.pid(self.target) == self._before[0]:
            pid, soft, hard = self._before
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
