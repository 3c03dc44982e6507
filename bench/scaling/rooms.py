"""The whole path: more and more rooms, more and more people of one, and a hot room beside quiet ones."""

import asyncio
from math import nan

from bench.comparison import path
from bench.comparison.measuring import Measurer
from bench.comparison.path import Room
from bench.comparison.plan import publications
from bench.comparison.taken import AT_A_RATE, ONE_AT_A_TIME, SATURATED, Taken, Task
from bench.comparison.usage import Usage, resident_bytes
from bench.guests import House
from bench.scaling.growth import Series
from bench.scaling.sizes import Sizes

_PERSONS = 100
"""Who are connected, at most, while rooms grow: each is alone in as many rooms as all others."""
_WINDOW = 16
_QUIET_ROOMS, _QUIET_PEOPLE, _QUIET_PER_S = 100, 2, 20.0
_HOT_PEOPLE, _HOT_PER_S = 100, (5.0, 20.0)
_PROCESSES = (*path.OURS, *path.ENGINES)
_FIGURES = (*(f"{name}, CPU ms a message" for name in _PROCESSES), "p50 ms", "p99 ms")
_VIEWS = ("persistence", "fanout", "presence")
"""What keeps rooms and people in memory."""


async def rooms(house: House, sizes: Sizes) -> Series:
    """Messages spread over more and more rooms."""
    found = Series(
        f"Rooms, through the whole path; messages go to all of them in turn, {_WINDOW} outstanding",
        "rooms",
        ("messages/s", *_FIGURES, *(f"{name}, MiB" for name in _VIEWS)),
        fitted_from=_PERSONS,
        notes=[
            "One room is one lane: its next message waits for its last, and is joined with those that wait too. "
            f"From {_PERSONS} rooms on there are {_PERSONS} people, each alone in as many rooms as all others."
        ],
    )
    for count in sizes.rooms:
        # Others each time: who comes back within a minute is also sent what was said before.
        users = [f"rooms-{count}-{number}" for number in range(min(count, _PERSONS))]
        await house.approve(users)
        there = await _alone(house, [users[number % len(users)] for number in range(count)])
        async with path.entered(house, there, users) as target:
            await target.grow(len(users))
            task = Task(kind=SATURATED, recipients=1, window=_WINDOW)
            taken = await Measurer(target, pipes=len(users)).lasting(task, 2 * sizes.task_s)
        found.add(count, (taken.outcome.sent / taken.outcome.seconds, *_figures(taken), *_resident_mib(house)))
    return found


async def _alone(house: House, owners: list[str]) -> list[Room]:
    """A new room for each."""
    names = await asyncio.gather(*(house.opened([owner]) for owner in owners))
    return [Room(name, (owner,)) for name, owner in zip(names, owners, strict=True)]


async def people(house: House, sizes: Sizes) -> Series:
    """One message at a time to a room of more and more people, all of them connected."""
    found = Series(
        "People of one room, through the whole path; one message at a time",
        "people",
        (*_FIGURES, "presence, CPU ms a connect", *(f"{name}, MiB" for name in _VIEWS)),
        fitted_from=_PERSONS,
    )
    for count in sizes.people:
        async with path.connected(house, rooms=1, people=count) as target:
            # To the end of the measurement: presence may still be at it when the gateway has let all of them in.
            with Usage({"presence": _pid(house, "presence")}) as usage:
                await target.grow(count)
                taken = await Measurer(target).lasting(Task(kind=ONE_AT_A_TIME, recipients=count), sizes.task_s)
            connect_ms = 1000 * usage.cpu["presence"].all_s / count
            found.add(count, (*_figures(taken), connect_ms, *_resident_mib(house)))
    return found


async def hot_room(house: House, sizes: Sizes) -> Series:
    """What quiet rooms notice of a hot one: messages at a rate, without it and beside it."""
    found = Series(
        f"{_QUIET_ROOMS} quiet rooms, {_QUIET_PER_S:.0f} messages/s in all, beside a room of {_HOT_PEOPLE} people",
        "messages/s in the hot room",
        ("quiet p50 ms", "quiet p99 ms", "p99, times without", "hot p50 ms", "hot p99 ms"),
        is_fitted=False,
    )
    async with (
        path.connected(house, _QUIET_ROOMS, _QUIET_PEOPLE) as quiet,
        path.connected(house, rooms=1, people=_HOT_PEOPLE) as hot,
    ):
        await quiet.grow(_QUIET_ROOMS * _QUIET_PEOPLE)
        await hot.grow(_HOT_PEOPLE)
        listening, heating = Measurer(quiet, pipes=_QUIET_ROOMS * _QUIET_PEOPLE), Measurer(hot)
        await _at(listening, _QUIET_PER_S, _QUIET_PEOPLE, sizes.quiet_s)
        before = await _at(listening, _QUIET_PER_S, _QUIET_PEOPLE, sizes.quiet_s)
        found.add(0, (*_latency(before), 1.0, nan, nan))
        for rate in _HOT_PER_S:
            beside, heated = await asyncio.gather(
                _at(listening, _QUIET_PER_S, _QUIET_PEOPLE, sizes.quiet_s),
                _at(heating, rate, _HOT_PEOPLE, sizes.quiet_s),
            )
            times = beside.outcome.p99_us / before.outcome.p99_us
            found.add(rate, (*_latency(beside), times, *_latency(heated)))
    return found


async def _at(measurer: Measurer, rate: float, recipients: int, seconds: float) -> Taken:
    task = Task(kind=AT_A_RATE, recipients=recipients, per_second=rate)
    return await measurer.measured(task, publications(rate, seconds))


def _figures(taken: Taken) -> tuple[float, ...]:
    cpu = {**taken.cpu, **taken.beside}
    return (*(1000 * cpu[name].all_s / taken.outcome.sent for name in _PROCESSES), *_latency(taken))


def _pid(house: House, name: str) -> int:
    return int(house.described["processes"][name]["pid"])


def _resident_mib(house: House) -> tuple[float, ...]:
    return tuple(resident_bytes({name: _pid(house, name)}) / 2**20 for name in _VIEWS)


def _latency(taken: Taken) -> tuple[float, float]:
    return taken.outcome.p50_us / 1000, taken.outcome.p99_us / 1000
