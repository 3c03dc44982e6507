"""Logs that do not grow for ever: beyond 10 MB the content moves to ``NAME.log.1``, and that to ``.2``.

The file itself is emptied in place, since the process that writes it holds it open (in append mode, so it goes on at
the new end). Lines written in the moment between copy and emptying are lost; a log is no ledger.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

MOST_BYTES = 10_000_000
KEPT = 2


def rotate(log: Path, most_bytes: int = MOST_BYTES) -> bool:
    """Rotates ``log`` if it is larger than ``most_bytes``; tells whether it did. Raises OSError on a full disk."""
    try:
        if log.stat().st_size <= most_bytes:
            return False
    except FileNotFoundError:
        return False
    for number in range(KEPT, 1, -1):
        older = log.with_name(f"{log.name}.{number - 1}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)
    return True


def rotate_all(folder: Path, most_bytes: int = MOST_BYTES) -> None:
    """Rotates every ``*.log`` of ``folder``; what a full disk forbids is tried again the next time."""
    for log in folder.glob("*.log"):
        with contextlib.suppress(OSError):
            rotate(log, most_bytes)
