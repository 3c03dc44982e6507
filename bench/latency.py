"""Idle latency: one message at a time, from sending it to its receipt by another person at another gateway."""

import asyncio
import random
import time
from dataclasses import dataclass

from bench.figures import Latencies
from bench.guests import Guest, House, warm_up
from bench.machine import Conditions, Watch

WARM_UP = 50
PAUSE_S = (0.01, 0.06)
"""Random, so that no sample follows the beat of a timer in the path."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One message, in seconds since the epoch."""

    key: str
    sent: float
    received: float
    acknowledged: float


@dataclass(frozen=True, slots=True)
class Idle:
    """The result."""

    room: str
    delivery: Latencies
    acknowledgement: Latencies
    samples: tuple[Sample, ...]
    conditions: Conditions


async def measure(house: House, samples: int = 300) -> Idle:
    """Measure on a cluster that nobody else uses. Raises TimeoutError for a message that does not come in 30 s."""
    room = await house.room(["ida", "ivo"])
    gateways = house.gateways
    ida, ivo = await house.enter("ida", room, gateways[0]), await house.enter("ivo", room, gateways[-1])
    await warm_up(ida, [ivo], WARM_UP)
    with Watch(house.described["processes"]) as watch:
        taken = [await _one(ida, ivo, f"idle-{number}") for number in range(samples)]
    delivery = Latencies.of(one.received - one.sent for one in taken)
    acknowledgement = Latencies.of(one.acknowledged - one.sent for one in taken)
    return Idle(room, delivery, acknowledgement, tuple(taken), watch.conditions)


async def _one(sender: Guest, receiver: Guest, key: str) -> Sample:
    await asyncio.sleep(random.uniform(*PAUSE_S))
    epoch, sent = time.time(), time.monotonic()
    await sender.say(key, "How long does this take?")
    await receiver.until(lambda: bool(receiver.messages) and receiver.messages[-1].key == key, 30.0)
    await sender.until(lambda: key in sender.acks, 30.0)
    received, acknowledged = receiver.messages[-1].at, sender.acks[key]
    return Sample(key, epoch, epoch + received - sent, epoch + acknowledged - sent)
