"""Messages at a steady rate (open loop) over many rooms, and each delivery checked.

The sender does not wait for anybody: each message has its time, and its latency counts from that time, so a path that
falls behind is seen, and so is a sender that falls behind.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.deliveries import Verdict, judge
from bench.figures import Latencies
from bench.guests import Guest, House, warm_up
from bench.machine import Conditions, Watch

WARM_UP = 2
SETTLE_S = 30.0
CONTENT = "One of many messages, about as long as people write them."


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent."""

    per_second: int = 200
    rooms: int = 50
    seconds: float = 60.0
    people: str = "r"
    """How their names begin. Who comes back within a minute is also sent what was said before, so each load has its
    own people."""


@dataclass(frozen=True, slots=True)
class Steady:
    """The result."""

    load: Load
    connections: int
    delivery: Latencies
    acknowledgement: Latencies
    sending_late: Latencies
    """How late the load generator itself was."""
    verdict: Verdict
    complaints: int
    """Frames that were neither MESSAGE nor ACK: refusals."""
    cpu_s: Mapping[str, float]
    elapsed_s: float
    conditions: Conditions


async def measure(house: House, load: Load) -> Steady:
    """Measure on a cluster that nobody else uses; waits 30 s at most for what is still under way at the end."""
    rooms = await _rooms(house, load)
    guests = [guest for room in rooms for guest in room]
    with Watch(house.described["processes"]) as watch:
        sent, started = await _send_all(rooms, load)
        owed = _owed(rooms, sent)
        with contextlib.suppress(TimeoutError):
            await _settle(owed, SETTLE_S)
    return Steady(
        load=load,
        connections=len(guests),
        delivery=Latencies.of(m.at - sent[m.key] for guest in guests for m in guest.messages if m.key in sent),
        acknowledgement=Latencies.of(at - sent[key] for guest in guests for key, at in guest.acks.items()),
        sending_late=Latencies.of(started[key] - sent[key] for key in sent),
        verdict=judge((keys, [(m.key, m.seq) for m in guest.messages]) for guest, keys in owed),
        complaints=sum(len(guest.complaints) for guest in guests),
        cpu_s=watch.cpu_s,
        elapsed_s=watch.elapsed_s,
        conditions=watch.conditions,
    )


async def _rooms(house: House, load: Load) -> list[list[Guest]]:
    """Rooms of two and of three people in turn, each person connected once, over all gateways in turn."""
    rooms = await asyncio.gather(*(_room(house, load, number) for number in range(load.rooms)))
    await asyncio.gather(*(warm_up(guests[0], guests[1:], WARM_UP) for guests in rooms))
    return rooms


async def _room(house: House, load: Load, number: int) -> list[Guest]:
    users = [f"{load.people}{number}-p{person}" for person in range(2 + number % 2)]
    room, gateways = await house.room(users), house.gateways
    places = [gateways[(number + person) % len(gateways)] for person in range(len(users))]
    return list(await asyncio.gather(*(house.enter(user, room, at) for user, at in zip(users, places, strict=True))))


async def _send_all(rooms: Sequence[Sequence[Guest]], load: Load) -> tuple[dict[str, float], dict[str, float]]:
    """Send everything at its time; returns when each was to be sent, and when it was."""
    intended: dict[str, float] = {}
    started: dict[str, float] = {}
    begin = time.monotonic() + 0.1
    for number in range(int(load.per_second * load.seconds)):
        due = begin + number / load.per_second
        if (wait := due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        room = rooms[number % len(rooms)]
        key = f"{number % len(rooms)}-{number}"
        intended[key], started[key] = due, time.monotonic()
        # Everybody of a room writes in turn.
        await room[number // len(rooms) % len(room)].say(key, CONTENT)
    return intended, started


def _owed(rooms: Sequence[Sequence[Guest]], sent: Mapping[str, float]) -> list[tuple[Guest, list[str]]]:
    of_room: defaultdict[int, list[str]] = defaultdict(list)
    for key in sent:
        of_room[int(key.partition("-")[0])].append(key)
    return [(guest, of_room[number]) for number, room in enumerate(rooms) for guest in room]


async def _settle(owed: Sequence[tuple[Guest, list[str]]], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        for guest, keys in owed:
            await guest.until(lambda guest=guest, keys=keys: len(guest.messages) >= len(keys), within_s)  # type: ignore[misc]
    # What came twice would come now.
    await asyncio.sleep(1.0)
