"""A file system of its own that can be filled: a tmpfs of a given size."""

import os
import subprocess
from pathlib import Path


class SmallDisk:
    """A tmpfs mounted at `folder`, and a file in it that takes the room away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def mount(self, megabytes: int) -> bool:
        """Whether it is mounted now. It needs the right to mount (root on Linux)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", self.folder]
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False

    @property
    def is_mounted(self) -> bool:
        """Whether filling it fills nothing else."""
        return self.folder.is_mount()

    def unmount(self) -> None:
        """Gone with all that is on it, as soon as nobody uses it."""
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self.folder], check=True)

    @property
    def free_bytes(self) -> int:
        """What can still be written."""
        stat = os.statvfs(self.folder)
        return stat.f_bavail * stat.f_frsize

    def fill(self, left_bytes: int = 300_000) -> None:
        """Take all the room but a little."""
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, self.free_bytes - left_bytes))

    def make_room(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)
