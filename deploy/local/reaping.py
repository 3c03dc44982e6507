"""The supervisor's end of the reaper's pipe."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from deploy.local import leftovers, reaper


class Reaper:
    """Keeps the reaper told of what lives, so that nothing outlives this process, however it ends."""

    def __init__(self, *files: Path) -> None:
        """Starts the reaper; ``files`` are removed by it if this process dies with children."""
        self._process = subprocess.Popen(  # noqa: S603 (our own file)
            [sys.executable, "-I", "-S", reaper.__file__, *map(str, files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            process_group=0,
        )
        self._identity = leftovers.identity(self._process.pid)

    @property
    def identity(self) -> dict[str, Any]:
        """Its process id and time of birth."""
        return self._identity

    def watch(self, group: int) -> None:
        """From now on ``group`` ends with this process."""
        self._tell(f"+{group}")

    def forget(self, group: int) -> None:
        """``group`` has ended: its number may be somebody else's from now on."""
        self._tell(f"-{group}")

    def close(self) -> None:
        """Lets the reaper do what is left to do and waits for it."""
        if self._process.stdin and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait(reaper.GRACE_S + 5)

    def _tell(self, line: str) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            return
        # Broken if somebody killed the reaper; `kaiwa down` still cleans up.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
