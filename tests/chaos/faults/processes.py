"""Faults of processes."""

import asyncio
import importlib.util
import os
import signal
from functools import partial
from pathlib import Path
from typing import ClassVar

from tests.chaos.cluster import GATEWAYS, THIRD
from tests.chaos.faults.fault import Fault, NotPossible, Stage
from tests.chaos.until import until


def _signal(stage: Stage, name: str, number: signal.Signals) -> int:
    pid = stage.cluster.pid(name)
    if pid is None:
        raise NotPossible(f"{name} does not run just now")
    os.killpg(pid, number)
    return pid


class Kill(Fault):
    """kill -9."""

    name = "kill -9"
    kills = ends = True

    async def begin(self, stage: Stage) -> None:
        _signal(stage, self.target, signal.SIGKILL)


class Stop(Fault):
    """SIGSTOP, and SIGCONT later: it comes back as if nothing had been, and goes on writing."""

    name = "SIGSTOP"
    _pid: int | None = None

    async def begin(self, stage: Stage) -> None:
        self._pid = _signal(stage, self.target, signal.SIGSTOP)

    async def end(self, stage: Stage) -> None:
        if self._pid is not None and stage.cluster.pid(self.target) == self._pid:
            os.killpg(self._pid, signal.SIGCONT)


class Term(Fault):
    """SIGTERM."""

    name = "SIGTERM"
    ends = True

    async def begin(self, stage: Stage) -> None:
        _signal(stage, self.target, signal.SIGTERM)


class PowerCut(Fault):
    """Everything dies at once, and all of it is started again."""

    name = "power cut"
    kills = ends = True
    _names: tuple[str, ...] = ()

    @property
    def hit(self) -> tuple[str, ...]:
        return self._names

    async def begin(self, stage: Stage) -> None:
        self._names = tuple(name for name in stage.cluster.names if name not in THIRD)
        for name in self._names:
            pid = stage.cluster.pid(name)
            if pid is not None:
                os.killpg(pid, signal.SIGKILL)


class RollingRestart(Fault):
    """One gateway after the other is asked to end, the next when the one before takes work again."""

    name = "rolling restart"
    ready_within_s: ClassVar[float] = 60.0

    @property
    def hit(self) -> tuple[str, ...]:
        return tuple(f"gateway-{number}" for number in range(1, GATEWAYS + 1))

    async def begin(self, stage: Stage) -> None:
        for name in self.hit:
            old = _signal(stage, name, signal.SIGTERM)
            if not await until(partial(stage.cluster.is_ready, name, old), within_s=self.ready_within_s):
                raise NotPossible(f"{name} did not come back")


class Rebalances(Fault):
    """A third worker of each kind comes and goes, again and again."""

    name = "workers added and taken"
    every_s: ClassVar[float] = 5.0
    rounds: ClassVar[int] = 3

    @property
    def hit(self) -> tuple[str, ...]:
        return ()

    async def begin(self, stage: Stage) -> None:
        for _ in range(self.rounds):
            for name in THIRD:
                stage.cluster.start(name)
            await asyncio.sleep(self.every_s)
            await stage.cluster.stop(*THIRD)
            await asyncio.sleep(self.every_s / 5)

    async def end(self, stage: Stage) -> None:
        await stage.cluster.stop(*(name for name in THIRD if name in stage.cluster.names))


class WrongClock(Fault):
    """A process lives with a wall clock that is wrong; its monotonic clock is left alone. Needs libfaketime."""

    name = "wrong clock"

    def __init__(self, target: str = "", hold_s: float = 20.0, offset: str = "-30s") -> None:
        super().__init__(target, hold_s)
        self.offset = offset

    async def begin(self, stage: Stage) -> None:
        library = _faketime()
        if library is None:
            raise NotPossible("libfaketime is not installed")
        settings = {"LD_PRELOAD": str(library), "FAKETIME": self.offset, "DONT_FAKE_MONOTONIC": "1"}
        await stage.cluster.stop(self.target)
        stage.cluster.start(self.target, settings | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"})

    async def end(self, stage: Stage) -> None:
        await stage.cluster.stop(self.target)
        stage.cluster.start(self.target)


def _faketime() -> Path | None:
    found = importlib.util.find_spec("libfaketime")
    folders = found.submodule_search_locations or () if found is not None else ()
    named = os.environ.get("KAIWA_CHAOS_LIBFAKETIME")
    candidates = [path for folder in folders for path in Path(folder).rglob("libfaketime.so.1")]
    return Path(named) if named else next(iter(candidates), None)
