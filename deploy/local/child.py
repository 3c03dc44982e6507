"""One child process: started in a group of its own, its output appended to a log that outlives whoever started it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import leftovers, ports


@dataclass(frozen=True)
class ProcessSpec:
    """What to start and how to know that it works.

    ``missing`` is asked while the process runs: None when it takes work, else what it still waits for. It may block
    for a second, never longer. ``port`` is the listener that must be this process's own before ``missing`` is believed.
    ``address`` is where others reach it, empty where nobody calls it. One that ``forgets`` what it held when it dies is
    not started again once it has taken work.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    port: int
    missing: Callable[[], str | None]
    environ: Mapping[str, str] = field(default_factory=dict)
    stop_grace_s: float = 10.0
    address: str = ""
    forgets: bool = False


class Child:
    """A started process of a spec. Every signal goes to the whole group, so that nothing it started stays behind."""

    def __init__(self, spec: ProcessSpec) -> None:
        """Starts it at once. Raises OSError if the program cannot be run."""
        self.spec = spec
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        # Append mode, and the file itself rather than a pipe: the log goes on when the supervisor is killed.
        with spec.log.open("ab") as log:
            self._popen = subprocess.Popen(  # noqa: S603 (our own command lines)
                spec.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **spec.environ},
                process_group=0,
            )
        self.identity = leftovers.identity(self._popen.pid)

    @property
    def pid(self) -> int:
        """Also the id of its process group."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._popen.poll()

    @property
    def alive(self) -> bool:
        """Whether it still runs (stopped by SIGSTOP counts as running)."""
        return self.exit_code is None

    def missing(self) -> str | None:
        """None when it takes work, else what is missing. A listener that is not its own never counts."""
        if not self.alive:
            return f"it ended with exit code {self.exit_code}"
        if not ports.listens(self.pid, self.spec.port):
            return f"it does not listen on port {self.spec.port} yet"
        return self.spec.missing()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the group; nothing happens if it is gone."""
        if self.alive:
            # A group whose processes are all dead, and not all waited for, is refused on macOS.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def pause(self, within_s: float = 5.0) -> None:
        """SIGSTOP, and returns when it stands still: the signal alone leaves its threads time for another answer.

        After ``within_s`` it returns whatever was seen: one that stood still before is not reported again.
        """
        self.signal(signal.SIGSTOP)
        deadline = time.monotonic() + within_s
        while self.alive and time.monotonic() < deadline:
            # Reported once, when the last of its threads has stopped.
            if os.waitpid(self.pid, os.WUNTRACED | os.WNOHANG) != (0, 0):
                return
            time.sleep(0.002)

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended within ``timeout_s``."""
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True
