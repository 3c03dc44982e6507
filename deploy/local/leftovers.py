"""Processes of an earlier run: found by id and time of birth, ended as groups."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from typing import Any

import psutil

# The system's clock of births is coarse, and an adjustment of the time shifts it.
_SAME_BIRTH_S = 2.0
_GRACE_S = 10.0


def is_same(pid: int, created: float) -> bool:
    """Whether ``pid`` still is the process born at ``created`` (epoch seconds), and not another with its number."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - created) < _SAME_BIRTH_S and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def living(recorded: Iterable[dict[str, Any]]) -> list[int]:
    """The ids among ``recorded`` (``pid``, ``created``) that still are those processes."""
    return [int(entry["pid"]) for entry in recorded if is_same(int(entry["pid"]), float(entry["created"]))]


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
