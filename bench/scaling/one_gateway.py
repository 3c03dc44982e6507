"""One gateway on a broker: recipients of a push, connections beside them, and a crowd that comes back at once."""

import asyncio
import time

from bench.comparison import gateway
from bench.comparison.gateway import RunningGateway
from bench.comparison.idle import warmed
from bench.comparison.measuring import Measurer
from bench.comparison.taken import ONE_AT_A_TIME, Task
from bench.comparison.usage import Usage, resident_bytes
from bench.load.outcome import GeneratorFailed
from bench.scaling.growth import Series
from bench.scaling.sizes import Sizes

_REACHED = 100
"""Connections that a push goes to while others are idle beside them."""
_REFUSED_MOST = 5_000
"""The generator has no place for more."""
_SETTLE_S = 2.0
_PAUSE_S = 0.5
_BACK_WITHIN_S = 120.0


async def recipients(sizes: Sizes) -> Series:
    """One push at a time, to more and more connections."""
    found = Series(
        "Recipients of one push (one gateway)",
        "recipients",
        ("CPU ms a push", "CPU µs a delivery", "p50 ms", "p99 ms"),
        fitted_from=_REACHED,
    )
    async with gateway.started(max(sizes.recipients)) as target:
        measurer = Measurer(target)
        for count in sizes.recipients:
            await target.grow(count)
            taken = await measurer.lasting(Task(kind=ONE_AT_A_TIME, recipients=count), sizes.task_s)
            each_us, outcome = 10 * taken.cpu_per_100k, taken.outcome
            found.add(count, (each_us * count / 1000, each_us, outcome.p50_us / 1000, outcome.p99_us / 1000))
    return found


async def connections(sizes: Sizes) -> Series:
    """More and more connections, of which each push reaches a hundred."""
    found = Series(
        f"Connections of one gateway; each push reaches {_REACHED} of them",
        "connections",
        (
            "MiB",
            "KiB each",
            "CPU ms a handshake",
            "CPU ms a connection and minute, idle",
            "CPU µs a delivery",
            "p99 ms",
        ),
    )
    async with gateway.started(max(sizes.connections)) as target:
        empty = await warmed(target, _SETTLE_S)
        measurer, before = Measurer(target), 0
        for count in sizes.connections:
            with Usage(target.pids, (target.generator.pid,)) as opening:
                await target.grow(count)
            resident = resident_bytes(target.pids)
            with Usage(target.pids, (target.generator.pid,)) as resting:
                await target.generator.settled(sizes.rest_s)
            target.groups = max(1, count // _REACHED)
            taken = await measurer.lasting(Task(kind=ONE_AT_A_TIME, recipients=_REACHED), sizes.task_s)
            found.add(
                count,
                (
                    resident / 2**20,
                    (resident - empty) / 1024 / count,
                    1000 * opening.cpu["gateway"].all_s / (count - before),
                    1000 * resting.cpu["gateway"].all_s / count * 60 / sizes.rest_s,
                    10 * taken.cpu_per_100k,
                    taken.outcome.p99_us / 1000,
                ),
            )
            before = count
    return found


async def crowd(sizes: Sizes) -> Series:
    """Everybody's connection breaks, and everybody comes back at the same moment, as often as it takes."""
    found = Series(
        "A crowd comes back to one gateway, all at the same moment",
        "clients",
        ("all back after s", "refused meanwhile", "CPU ms a handshake", "p50 ms of one handshake", "p99 ms"),
        notes=["Whoever is refused tries again half a second later."],
    )
    async with gateway.started(sizes.crowd) as target:
        for count in dict.fromkeys((sizes.crowd // 10, sizes.crowd)):
            await target.generator.connect(count, at_once=target.at_once)
            await target.drop()
            found.add(count, await _all_back(target, count))
            await target.drop()
    return found


async def _all_back(target: RunningGateway, count: int) -> tuple[float, ...]:
    began, refused = time.monotonic(), 0
    with Usage(target.pids, (target.generator.pid,)) as usage:
        made = await target.generator.connect(count, at_once=count)
        first = made
        while made.ready < count:
            refused += count - made.ready
            if time.monotonic() - began > _BACK_WITHIN_S or refused > _REFUSED_MOST:
                raise GeneratorFailed(f"{made.ready} of {count} are back, refused with status {made.status}")
            await asyncio.sleep(_PAUSE_S)
            made = await target.generator.connect(count - made.ready, at_once=count)
    lasted = time.monotonic() - began
    return lasted, refused, 1000 * usage.cpu["gateway"].all_s / count, first.p50_us / 1000, first.p99_us / 1000
