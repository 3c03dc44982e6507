"""The processes of a system under test: each started in a group of its own, asked until it listens, always ended."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.engines import tail
from deploy.local.reaping import Reaper

_READY_WITHIN_S, _STOP_WITHIN_S = 180.0, 5.0


class NotServing(Exception):
    """A system did not start; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to start."""

    name: str
    argv: Sequence[str]
    port: int
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


@asynccontextmanager
async def serving(programs: Sequence[Program]) -> AsyncIterator[dict[str, int]]:
    """All of them listening, one after the other; the process id of each by its name. Raises NotServing."""
    reaper = Reaper()
    try:
        async with AsyncExitStack() as stack:
            logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kaiwa-bench-logs-")))
            started = {}
            for program in programs:
                started[program.name] = await stack.enter_async_context(_served(program, logs, reaper))
            yield started
    finally:
        await asyncio.to_thread(reaper.close)


@asynccontextmanager
async def _served(program: Program, logs: Path, reaper: Reaper) -> AsyncIterator[int]:
    log = logs / f"{program.name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *program.argv, cwd=program.folder or logs, env={**os.environ, **program.environ},
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    reaper.watch(process.pid)
    try:
        await _listens(program, process, log)
        yield process.pid
    finally:
        await _ended(process)
        reaper.forget(process.pid)


async def _listens(program: Program, process: asyncio.subprocess.Process, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_WITHIN_S
    while not await _answers(program.port):
        if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
            raise NotServing(f"{program.name} did not start: {tail(log, 3)}")
        await asyncio.sleep(0.05)


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _ended(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        os.killpg(process.pid, number)
        try:
            async with asyncio.timeout(_STOP_WITHIN_S):
                await process.wait()
        except TimeoutError:
            continue
