"""CPU of the gateway for a delivery, beside the floor of the same run.

Each round takes the gateway and the floor in turn, so that what else the machine does weighs on both. By the recipients
of a request its cost is taken apart: what each adds is the socket part, the rest is the request's (HTTP, signature).
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bench.gateway.alone import Gateway, alone
from bench.gateway.flock import Flock
from bench.gateway.floor import FRAME, GREETING, PAYLOAD
from bench.gateway.pushing import BulkCaller, located
from bench.machine import Watch
from bench.report import Section, noted
from deploy.local.ports import free_port

RECIPIENTS, ROUNDS, SECONDS, JOINED = 100, 15, 0.4, 16
_QUIET = {"KAIWA_PING_INTERVAL_S": "3600", "KAIWA_IDLE_S": "3600"}
Push = Callable[[int, int], Awaitable[None]]
"""Delivers one frame so many times over to so many recipients, and returns when all have it."""


async def measure(rounds: int = ROUNDS, seconds: float = SECONDS) -> Section:
    """CPU-seconds for 100,000 deliveries, medians of the rounds."""
    async with alone(**_QUIET) as gateway, _gateway_push(gateway) as push, _floor_push() as (floor_pid, floor_push):
        pid = gateway.process.pid
        kinds: dict[str, tuple[int, Push, int, int]] = {
            "gateway": (pid, push, 1, RECIPIENTS),
            "floor": (floor_pid, floor_push, 1, RECIPIENTS),
            "gateway, one recipient": (pid, push, 1, 1),
            "gateway, saturated": (pid, push, JOINED, RECIPIENTS),
            "floor, saturated": (floor_pid, floor_push, JOINED, RECIPIENTS),
        }
        found: dict[str, list[float]] = {name: [] for name in kinds}
        with Watch(gateway.entry) as watch:
            for _ in range(rounds):
                for name, (process, deliver, copies, recipients) in kinds.items():
                    found[name].append(await _cpu_s(process, deliver, copies, recipients, seconds))
    return _section(found, noted(watch.conditions))


async def _cpu_s(pid: int, push: Push, copies: int, recipients: int, seconds: float) -> float:
    """CPU of the process for one request to `recipients`, in seconds."""
    requests = 0
    for _ in range(5):
        await push(copies, recipients)
    before, until = _taken_ns(pid), time.monotonic() + seconds
    while time.monotonic() < until:
        await push(copies, recipients)
        requests += 1
    return (_taken_ns(pid) - before) / 1e9 / requests


def _taken_ns(pid: int) -> int:
    """CPU of the process, user and system. The usual counters tick at 10 ms: too coarse for short rounds."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


def _section(found: dict[str, list[float]], conditions: str) -> Section:
    each = {name: [1e5 * cpu_s / RECIPIENTS for cpu_s in values] for name, values in found.items()}
    for name in ("gateway, saturated", "floor, saturated"):
        each[name] = [value / JOINED for value in each[name]]
    lone = each.pop("gateway, one recipient")
    sockets = [(all_ - one) * RECIPIENTS / (RECIPIENTS - 1) for all_, one in zip(each["gateway"], lone, strict=True)]
    rows = [
        _row("gateway, one message a request", each["gateway"], each["floor"]),
        _row("of that what recipients add", sockets, each["floor"]),
        _row("floor, one write a frame", each["floor"], each["floor"]),
        _row(f"gateway, {JOINED} messages a request", each["gateway, saturated"], each["floor, saturated"]),
        _row(f"floor, {JOINED} frames a write", each["floor, saturated"], each["floor, saturated"]),
    ]
    return Section(
        f"CPU of the gateway for a delivery, {RECIPIENTS} recipients, {len(PAYLOAD)} bytes",
        ("", "CPU-s for 100,000", "least", "most", "times the floor"),
        rows,
        (conditions, f"Medians of {len(lone)} rounds; one request under way, every byte awaited by every recipient."),
    )


def _row(name: str, values: list[float], floor: list[float]) -> tuple[str, str, str, str, str]:
    ratio = statistics.median(value / least for value, least in zip(values, floor, strict=True))
    return (name, f"{statistics.median(values):.3f}", f"{min(values):.3f}", f"{max(values):.3f}", f"{ratio:.2f}")


@asynccontextmanager
async def _gateway_push(gateway: Gateway) -> AsyncIterator[Push]:
    flock, names = Flock(), [f"user-{number}" for number in range(RECIPIENTS)]
    await flock.join("127.0.0.1", gateway.port, [gateway.head(gateway.token(name)) for name in names])
    where = await located(gateway, RECIPIENTS)
    ids = tuple(where.ids[name] for name in names)
    caller = BulkCaller(gateway, where.epoch, "bench")
    await caller.start()

    async def push(copies: int, recipients: int) -> None:
        flock.expect(len(FRAME) * copies * recipients)
        await caller.push(PAYLOAD, ids[:recipients], copies)
        await flock.all_came()

    try:
        yield push
    finally:
        caller.close()
        flock.leave()


@asynccontextmanager
async def _floor_push() -> AsyncIterator[tuple[int, Push]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.gateway.floor", str(port))
    try:
        reader, writer = await _connected(port)
        flock = Flock()
        await flock.join("127.0.0.1", port, [GREETING] * RECIPIENTS)

        async def push(copies: int, recipients: int) -> None:
            flock.expect(len(FRAME) * copies * recipients)
            writer.write(b"%d %d\n" % (copies, recipients))
            await reader.readline()
            await flock.all_came()

        yield process.pid, push
        flock.leave()
        writer.close()
    finally:
        process.kill()
        await process.wait()


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(30):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
