"""The folder of a local cluster (``.kaiwa``): where everything is, who holds it, and what an earlier run left.

cluster.json      how to reach the cluster; there while it is ready (spec 13)
supervisor.json   the processes, by id and time of birth: a number alone may be somebody else's after a reboot
lock              held by the supervisor for as long as it lives, so a crash or a reboot frees it; names its holder
keys.json         the access key of this cluster, and its ports from one run to the next
kafka/ dynamodb/  data; ephemeral/ instead of both with --ephemeral
logs/             one file for each process
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.local import leftovers
from deploy.local.faults import LocalClusterError

_OURS = ("kafka", "dynamodb", "ephemeral", "logs", "issuer")
# The lock last: from then on the folder may be somebody else's.
_OUR_FILES = ("cluster.json", "supervisor.json", "keys.json", "seeded", "lock")


class Home:
    """Paths and files of one cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._lock_file = self.folder / "lock"
        self.cluster_file = self.folder / "cluster.json"
        self.supervisor_file = self.folder / "supervisor.json"
        self.keys_file = self.folder / "keys.json"
        self.seeded_file = self.folder / "seeded"
        self.logs = self.folder / "logs"

    def log(self, name: str) -> Path:
        """Where process ``name`` writes."""
        return self.logs / f"{name}.log"

    def data(self, *, ephemeral: bool) -> Path:
        """Where Kafka and DynamoDB Local keep what they hold."""
        return self.folder / "ephemeral" if ephemeral else self.folder

    @contextmanager
    def held(self) -> Iterator[None]:
        """Makes the folder and holds it for one supervisor.

        Raises LocalClusterError ``ALREADY_RUNNING``, or ``BAD_FOLDER`` if it cannot be written.
        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            # Not emptied by opening it: it may name somebody who holds it.
            lock = os.fdopen(os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600), "rb+")
        except OSError as error:
            raise LocalClusterError(
                "BAD_FOLDER", f"{self.folder} cannot be used ({error}): name another with --dir."
            ) from error
        with lock:
            if not _try_lock(lock.fileno()) or not self._is_lock(lock.fileno()):
                raise LocalClusterError(
                    "ALREADY_RUNNING",
                    f"A cluster is already running in {self.folder}: `kaiwa status` shows it, `kaiwa down` stops it.",
                )
            _sign(lock.fileno())
            yield

    def holder(self) -> dict[str, Any] | None:
        """The process that holds it now (``pid``, ``born``); None if nobody does, or has not said so yet."""
        held = self.read(self._lock_file) if self.is_held() else {}
        return held if held and leftovers.living([held]) else None

    def is_held(self) -> bool:
        """Whether a supervisor lives here now."""
        try:
            with self._lock_file.open("r") as lock:
                return not _try_lock(lock.fileno())
        except OSError:
            return False

    def read(self, file: Path) -> dict[str, Any]:
        """The JSON object in one of the files, empty if it is missing or was cut short."""
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, file: Path, content: dict[str, Any]) -> None:
        """Replaces one of the files as a whole; only its owner may read it. Raises OSError, and leaves the old one."""
        half = file.with_name(f"{file.name}.{os.getpid()}.new")
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
                json.dump(content, out, indent=2)
                out.write("\n")
            half.replace(file)
        except BaseException:
            half.unlink(missing_ok=True)
            raise

    def recorded(self) -> list[dict[str, Any]]:
        """The processes that ``supervisor.json`` names (``pid``, ``born``), without the supervisor itself."""
        found = self.read(self.supervisor_file)
        reaper = [found["reaper"]] if "reaper" in found else []
        return [*found.get("processes", {}).values(), *reaper]

    @property
    def is_ours(self) -> bool:
        """Whether a cluster has ever been here."""
        return self._lock_file.exists() or self.supervisor_file.exists()

    def wipe(self) -> None:
        """Removes what we made, and the folder if nothing else is in it. Only while it is held."""
        for name in _OURS:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in _OUR_FILES:
            (self.folder / name).unlink(missing_ok=True)
        # Not empty if something else is in it, or another cluster by now.
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _is_lock(self, descriptor: int) -> bool:
        """Whether it is the file that others would find, and none that a wipe has taken away meanwhile."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._lock_file.stat())
        except OSError:
            return False


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(descriptor: int) -> None:
    # A full disk must not keep anybody from taking a cluster down.
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(leftovers.identity(os.getpid())).encode())
