"""What the programs of an engine or a cluster print."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping, Sequence


async def said(
    command: Sequence[str], *, environ: Mapping[str, str] | None = None, within_s: float, check: bool = True
) -> str:
    """Its standard output; AssertionError with the end of all it said where it fails, unless `check` is off."""

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=environ,
            capture_output=True,
            text=True,
            timeout=within_s,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    done = await asyncio.to_thread(run)
    assert done.returncode == 0 or not check, f"{command}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout
