"""Room on the disk: a warning under 1 GB, a refusal under 200 MB."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.local.faults import LocalClusterError

WARN_BYTES = 1_000_000_000
REFUSE_BYTES = 200_000_000


def require_space(folder: Path, free_bytes: int | None = None) -> str | None:
    """A warning to print when less than 1 GB is left where ``folder`` is (or will be), else None.

    Raises LocalClusterError ``DISK_FULL`` under 200 MB: Kafka would stop in the middle of work.
    """
    free = shutil.disk_usage(_existing(folder)).free if free_bytes is None else free_bytes
    left = f"Only {free // 1_000_000} MB are free on the disk of {folder}"
    if free < REFUSE_BYTES:
        raise LocalClusterError(
            "DISK_FULL",
            f"{left} and {REFUSE_BYTES // 1_000_000} MB are needed: make room and try again.",
        )
    if free < WARN_BYTES:
        return f"{left}; under {REFUSE_BYTES // 1_000_000} MB the cluster will not start."
    return None


def _existing(folder: Path) -> Path:
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
