"""A cluster of one's own, as anybody starts it: with the `kaiwa` command."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_UP_WITHIN_S = 180.0
_DOWN_WITHIN_S = 90.0

Description = dict[str, Any]
"""The content of cluster.json (spec 13)."""


class KaiwaFailed(Exception):
    """The `kaiwa` command ended with another exit code than 0."""


@dataclass(frozen=True, slots=True)
class Own:
    """A cluster in a folder, and how long its start took."""

    folder: Path
    described: Description
    began: float
    """time.monotonic() at the command."""
    start_s: float


@asynccontextmanager
async def folder() -> AsyncIterator[Path]:
    """A folder for one's clusters, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kaiwa-bench-") as path:
        yield Path(path)


@asynccontextmanager
async def up(
    where: Path, *, ephemeral: bool, gateways: int = 2, environ: Mapping[str, str] | None = None
) -> AsyncIterator[Own]:
    """A ready cluster; stopped at the end, whatever happened. Its data stay in `where` unless `ephemeral`.

    `environ`: settings of its processes that differ.
    """
    began = time.monotonic()
    options = ["--detach", "--gateways", str(gateways), *(["--ephemeral"] if ephemeral else [])]
    try:
        await _kaiwa("up", where, *options, within_s=_UP_WITHIN_S, environ=environ)
        start_s = time.monotonic() - began
        yield Own(where, json.loads((where / "cluster.json").read_text()), began, start_s)
    finally:
        await _kaiwa("down", where, within_s=_DOWN_WITHIN_S)


async def _kaiwa(
    command: str, where: Path, *options: str, within_s: float, environ: Mapping[str, str] | None = None
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.app", command, "--dir", str(where), *options,
        env={**os.environ, **(environ or {})},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(within_s):
            output, _ = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        raise
    if process.returncode:
        raise KaiwaFailed(f"kaiwa {command} ended with {process.returncode}:\n{output.decode()[-2000:]}")
