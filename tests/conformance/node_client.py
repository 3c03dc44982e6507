"""AWS's own JavaScript client in a process of its own, installed on first need from the lock beside it."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from deploy.local.node import node_environ

FOLDER = Path(__file__).with_name("js")


def install() -> Path:
    """Bring js/node_modules up to date with the lock; returns `node`."""
    environ = node_environ()
    node, npm = (shutil.which(name, path=environ["PATH"]) for name in ("node", "npm"))
    assert node is not None
    assert npm is not None
    stamp = FOLDER / "node_modules" / ".kaiwa-lock"
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (FOLDER / ".installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            done = subprocess.run(
                [npm, "ci"], cwd=FOLDER, env=environ, capture_output=True, text=True, timeout=200, check=False
            )
            assert done.returncode == 0, f"npm ci failed (it needs the network once):\n{done.stderr[-2000:]}"
            stamp.write_text(wanted)
    return Path(node)


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
