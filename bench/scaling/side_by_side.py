"""More and more processes of a kind under the same load: where its CPU goes, and that none waits for another."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import psutil

from bench import cluster, steady
from bench.guests import House
from bench.scaling.growth import Series
from bench.scaling.sizes import Sizes
from chassis.backoff import Backoff
from chassis.readiness import unready
from deploy.local.ports import free_port

_WORKERS: Mapping[str, str] = {"persistence": "services.persistence", "fanout": "services.fanout"}
_KINDS = ("gateway", "persistence", "fanout", "presence", "kafka", "dynamodb")
_FIGURES = (*(f"{kind}, CPU ms a message" for kind in _KINDS), "p50 ms", "p99 ms", "busiest / mean of its kind")
_ROOMS = 24
_READY_WITHIN_S = 60.0


async def gateways(sizes: Sizes) -> Series:
    """A cluster of each size, with the same people at them."""
    found = Series("Gateways", "gateways", _FIGURES, notes=[_load(sizes)])
    for count in sizes.gateways:
        async with (
            cluster.folder() as folder,
            cluster.up(folder, ephemeral=True, gateways=count) as own,
            House.of(own.described) as house,
        ):
            found.add(count, await _measured(house, sizes, "gateway", count))
    return found


async def workers(sizes: Sizes) -> Series:
    """One cluster, to which persistence and fan-out processes are added."""
    found = Series("Persistence and fan-out processes, so many of each", "of each", _FIGURES, notes=[_load(sizes)])
    async with (
        cluster.folder() as folder,
        cluster.up(folder, ephemeral=True, gateways=1) as own,
        AsyncExitStack() as more,
    ):
        for count in sizes.workers:
            for kind in _WORKERS:
                await _grow(own.described, kind, count, more)
            async with House.of(own.described) as house:
                found.add(count, await _measured(house, sizes, "persistence", count))
    return found


async def _grow(described: cluster.Description, kind: str, to: int, more: AsyncExitStack) -> None:
    there = [name for name in described["processes"] if _is(name, kind)]
    for number in range(len(there) + 1, to + 1):
        name = f"{kind}-{number}"
        process = await more.enter_async_context(_another(described, kind, name))
        described["processes"][name] = {"pid": process.pid}


def _is(name: str, kind: str) -> bool:
    return name == kind or name.startswith(f"{kind}-")


def _load(sizes: Sizes) -> str:
    return f"{sizes.per_second} messages/s over {_ROOMS} rooms of two and three people, for {sizes.steady_s:.0f} s."


async def _measured(house: House, sizes: Sizes, grown: str, count: int) -> tuple[float, ...]:
    result = await steady.measure(house, steady.Load(sizes.per_second, _ROOMS, sizes.steady_s, f"{grown}-{count}-r"))
    if not result.verdict.is_perfect or result.complaints:
        raise AssertionError(f"deliveries were not as they should be: {result.verdict}, {result.complaints} refusals")
    messages = sizes.per_second * sizes.steady_s
    of_kind = {kind: [cpu for name, cpu in result.cpu_s.items() if _is(name, kind)] for kind in _KINDS}
    most = max(of_kind[grown]) / (sum(of_kind[grown]) / len(of_kind[grown]))
    return (*(1000 * sum(each) / messages for each in of_kind.values()), result.delivery.p50, result.delivery.p99, most)


@asynccontextmanager
async def _another(described: cluster.Description, kind: str, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """One process more, with the settings of the first of its kind."""
    environ = psutil.Process(described["processes"][kind]["pid"]).environ()
    port = free_port()
    environ |= {"KAIWA_INSTANCE_ID": name, "KAIWA_HEALTH_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _WORKERS[kind], env=environ,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await _ready(port)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(port: int) -> None:
    backoff = Backoff(first_s=0.2)
    async with asyncio.timeout(_READY_WITHIN_S):
        while await asyncio.to_thread(unready, port) is not None:
            await backoff.wait()
