"""Takes a cluster down from outside, whatever state it is in."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable

import psutil

from deploy.local import leftovers
from deploy.local.faults import LocalClusterError
from deploy.local.home import Home


def take_down(home: Home, *, wipe: bool, say: Callable[[str], None], within_s: float = 90.0) -> bool:
    """Stops the cluster of a folder and what is left of an earlier one; tells whether there was anything. Blocking.

    A supervisor that does not stop ``within_s`` is killed, and its processes after it. ``wipe`` removes the data too.
    Raises LocalClusterError ``STILL_STARTING``, or ``ALREADY_RUNNING`` if another starts meanwhile.
    """
    ran = _end_supervisor(home, within_s)
    if not home.is_ours:
        return ran
    # Held until all is done: a cluster that starts meanwhile would lose its processes, or its data.
    with home.held():
        left = leftovers.end(home.recorded())
        if left:
            say(f"Ended what an earlier run had left behind, processes: {left}")
        for file in (home.cluster_file, home.supervisor_file):
            file.unlink(missing_ok=True)
        if wipe:
            home.wipe()
    return ran or left > 0


def _end_supervisor(home: Home, within_s: float) -> bool:
    if not home.is_held():
        return False
    supervisor = _supervisor(home)
    with contextlib.suppress(psutil.Error):
        supervisor.send_signal(signal.SIGTERM)
        supervisor.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + within_s
    while home.is_held():
        if time.monotonic() > deadline:
            with contextlib.suppress(psutil.Error):
                supervisor.kill()
        time.sleep(0.1)
    return True


def _supervisor(home: Home) -> psutil.Process:
    if holder := home.holder():
        with contextlib.suppress(psutil.Error):
            return psutil.Process(int(holder["pid"]))
    raise LocalClusterError(
        "STILL_STARTING",
        f"The cluster in {home.folder} has only begun to start, or ends: try again in a moment.",
    )
