"""Connections that say nothing: what each keeps of memory, and what its handshake took."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.comparison.target import Target
from bench.comparison.usage import Usage, resident_bytes
from bench.load.outcome import GeneratorFailed

_FIRST = 50


@dataclass(frozen=True, slots=True)
class Idle:
    """A system with so many connections."""

    system: str
    connections: int
    resident_bytes: int
    empty_bytes: int
    """Of the same process with none, after its first ones had come and gone."""

    @property
    def kib_each(self) -> float:
        return (self.resident_bytes - self.empty_bytes) / 1024 / max(1, self.connections)


@dataclass(frozen=True, slots=True)
class Handshakes:
    """What opening connections took, all after one another as fast as it goes."""

    system: str
    count: int
    per_second: float
    cpu_ms: float
    """Of the system's processes, each."""
    p50_ms: float
    p99_ms: float
    generator_cpu_ms: float
    others_cores: float


async def measure(target: Target, counts: Sequence[int], settle_s: float) -> tuple[list[Idle], list[Handshakes]]:
    """Memory at each of the rising `counts`, after a rest. Raises GeneratorFailed where a connection is refused."""
    empty = await warmed(target, settle_s)
    idle, handshakes = [Idle(target.name, 0, empty, empty)], []
    for count, more in zip(counts, _steps(counts), strict=True):
        handshakes.append(await _opened(target, more, count))
        await target.generator.settled(settle_s)
        idle.append(Idle(target.name, count, resident_bytes(target.pids), empty))
    return idle, handshakes


async def warmed(target: Target, settle_s: float) -> int:
    """Resident bytes with no connection, when some have come and gone: what the first ones load stays loaded."""
    await target.generator.connect(_FIRST, at_once=target.at_once)
    await target.drop()
    await target.generator.settled(settle_s)
    return resident_bytes(target.pids)


def _steps(counts: Sequence[int]) -> list[int]:
    return [after - before for before, after in zip([0, *counts], counts, strict=False)]


async def _opened(target: Target, more: int, count: int) -> Handshakes:
    with Usage(target.pids, (target.generator.pid,)) as usage:
        made = await target.generator.connect(more, at_once=target.at_once)
    if made.ready < count:
        raise GeneratorFailed(f"{made.ready} of {count} connected, {made.refused} refused with status {made.status}")
    cpu_s = sum(each.all_s for each in usage.cpu.values())
    return Handshakes(
        system=target.name,
        count=more,
        per_second=more / made.seconds,
        cpu_ms=1000 * cpu_s / more,
        p50_ms=made.p50_us / 1000,
        p99_ms=made.p99_us / 1000,
        generator_cpu_ms=1000 * made.cpu_s / more,
        others_cores=usage.others_cores,
    )
