"""Ends what a killed supervisor leaves behind. Run as a program with nothing but the standard library.

Its standard input is a pipe that only the supervisor holds open. Lines ``+PGID`` and ``-PGID`` tell which process
groups live; when the pipe ends, whatever killed its writer, the groups still in the list are stopped and the files
named as arguments (a ``cluster.json`` that no longer describes anything) are removed. After a clean stop the list is
empty.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

GRACE_S = 5.0


def follow(lines: Iterable[str]) -> set[int]:
    """The groups that live when ``lines`` ends."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    return groups


def end(groups: set[int], grace_s: float = GRACE_S) -> None:
    """SIGTERM to every group, SIGKILL to those that are there ``grace_s`` later. Paused ones are woken for it."""
    living = {group for group in groups if _send(group, signal.SIGTERM) and _send(group, signal.SIGCONT)}
    deadline = time.monotonic() + grace_s
    while living and time.monotonic() < deadline:
        time.sleep(0.1)
        living = {group for group in living if _send(group, 0)}
    for group in living:
        _send(group, signal.SIGKILL)


def main(files: list[str]) -> None:
    """Waits for the end of standard input, then cleans up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if groups := follow(sys.stdin):
        for file in files:
            Path(file).unlink(missing_ok=True)
        end(groups)


def _send(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
