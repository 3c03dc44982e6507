"""Every system in turn, several times over: what the machine does meanwhile meets all of them alike."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field

from bench.comparison import idle
from bench.comparison.idle import Handshakes, Idle
from bench.comparison.measuring import Measurer
from bench.comparison.plan import Plan
from bench.comparison.systems import System, prepared
from bench.comparison.taken import Taken
from bench.load.outcome import GeneratorFailed
from bench.peers.serving import NotServing
from deploy.local.faults import LocalClusterError

_SYSTEM_WITHIN_S = 240.0
FAILURES = (GeneratorFailed, NotServing, LocalClusterError, TimeoutError, OSError)


@dataclass(slots=True)
class Comparison:
    """What came of it."""

    rounds: int
    absent: Mapping[str, str] = field(default_factory=dict)
    """Systems that could not be set up here, and why."""
    failed: dict[str, str] = field(default_factory=dict)
    """Systems that ran and did not hold, and how."""
    taken: list[Taken] = field(default_factory=list)
    idle: list[Idle] = field(default_factory=list)
    handshakes: list[Handshakes] = field(default_factory=list)


async def compare(plan: Plan, note: Callable[[str], None]) -> Comparison:
    """Measure everything that can be set up here. Raises made.Absent where that is nothing."""
    systems, absent = await prepared(note)
    found = Comparison(plan.rounds, absent)
    for number in range(plan.rounds):
        for system in systems:
            note(f"Round {number + 1} of {plan.rounds}: {system.name}")
            await _guarded(system, found, _measured(system, plan, found))
    for system in systems:
        if system.idle:
            note(f"Idle connections: {system.name}")
            await _guarded(system, found, _idle(system, plan, found))
    return found


async def _guarded(system: System, found: Comparison, work: Coroutine[None, None, None]) -> None:
    try:
        async with asyncio.timeout(_SYSTEM_WITHIN_S):
            await work
    except FAILURES as error:
        found.failed[system.name] = f"{type(error).__name__}: {error}"


async def _measured(system: System, plan: Plan, found: Comparison) -> None:
    async with system.start(max(plan.recipients)) as target:
        async for taken in Measurer(target).all_of(plan):
            found.taken.append(taken)


async def _idle(system: System, plan: Plan, found: Comparison) -> None:
    counts = sorted({min(count, plan.idle) for count in system.idle})
    async with system.start(max(counts)) as target:
        memory, handshakes = await idle.measure(target, counts, plan.settle_s)
    found.idle += memory
    found.handshakes += handshakes
