"""From the command to ready, and to the first delivered message, when all that is fetched once is there."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from bench import cluster
from bench.guests import House
from bench.machine import Conditions, Watch


@dataclass(frozen=True, slots=True)
class Startup:
    """In seconds from `kaiwa up`."""

    ready_s: float
    first_message_s: float
    conditions: Conditions


async def measure(where: Path, *, ephemeral: bool) -> Startup:
    """Start a cluster in a folder where one was before, and send one message in the lobby from alice to bob."""
    async with cluster.up(where, ephemeral=ephemeral):
        pass
    with Watch({}) as watch:
        async with cluster.up(where, ephemeral=ephemeral) as own:
            first_s = await _first_message(own)
    return Startup(own.start_s, first_s, watch.conditions)


async def _first_message(own: cluster.Own) -> float:
    async with House.of(own.described) as house:
        bob = await house.enter("bob", "lobby", house.gateways[-1])
        alice = await house.enter("alice", "lobby", house.gateways[0])
        await alice.say("first", json.dumps("Hello!"))
        await bob.until(lambda: any(message.key == "first" for message in bob.messages), 30.0)
        return time.monotonic() - own.began
