"""Processes of an earlier run: found by id and time of birth, ended as groups."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_START_TICKS = 19
"""Which word of /proc/PID/stat after the name it is (proc_pid_stat(5): field 22)."""
_GRACE_S = 10.0


def identity(pid: int) -> dict[str, Any]:
    """How a process that runs now is recorded: ``pid``, and ``born``, which no other with its number has."""
    return {"pid": pid, "born": _birth(pid)}


def is_same(pid: int, born: str) -> bool:
    """Whether ``pid`` still is the process born then, and not another with its number."""
    try:
        return _birth(pid) == born != "" and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _birth(pid: int) -> str:
    """Empty if there is no such process.

    Linux counts births from the boot; made to a time of day, as by psutil, they move whenever the clock is set.
    """
    try:
        if sys.platform == "linux":
            words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            return f"{_BOOT_ID.read_text(encoding='utf-8').strip()} {words[_START_TICKS]}"
        return str(psutil.Process(pid).create_time())
    except (OSError, psutil.Error):
        return ""


def living(recorded: Iterable[dict[str, Any]]) -> list[int]:
    """The ids among ``recorded`` (``pid``, ``born``) that still are those processes."""
    return [int(entry["pid"]) for entry in recorded if is_same(int(entry["pid"]), str(entry.get("born", "")))]


def end(recorded: Iterable[dict[str, Any]], grace_s: float = _GRACE_S) -> int:
    """Ends those that still live, with their groups: SIGTERM, and SIGKILL after ``grace_s``. Returns how many lived."""
    entries = list(recorded)
    found = living(entries)
    for pid in found:
        _signal(pid, signal.SIGTERM)
        _signal(pid, signal.SIGCONT)
    deadline = time.monotonic() + grace_s
    while living(entries) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in living(entries):
        _signal(pid, signal.SIGKILL)
    return len(found)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        # Every child leads a group of its own; a group of another number would not be ours.
        (os.killpg if os.getpgid(pid) == pid else os.kill)(pid, number)
    except (ProcessLookupError, PermissionError):
        return
