"""What processes take of the machine, and what everything else takes at the same time."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import psutil


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds."""

    user_s: float = 0.0
    system_s: float = 0.0

    @property
    def all_s(self) -> float:
        return self.user_s + self.system_s

    def __add__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.user_s + other.user_s, self.system_s + other.system_s)

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.user_s - other.user_s, self.system_s - other.system_s)


class Usage:
    """`with Usage(pids, own) as usage`: of each process with all its children, by name, inside the block.

    `own` are the processes of the measurement: what is neither theirs nor of `pids` counts as others.
    """

    cpu: Mapping[str, Cpu]
    others_cores: float

    def __init__(self, pids: Mapping[str, int], own: tuple[int, ...] = ()) -> None:
        self._pids, self._own = pids, own

    def __enter__(self) -> Self:
        self._began, self._busy = time.monotonic(), _busy_s()
        self._before, self._own_before = self._now(), self._own_now()
        return self

    def __exit__(self, *_error: object) -> None:
        after, own, busy = self._now(), self._own_now(), _busy_s()
        elapsed = max(time.monotonic() - self._began, 1e-6)
        self.cpu = {name: after[name] - self._before[name] for name in after}
        known = sum(each.all_s for each in self.cpu.values()) + own - self._own_before
        self.others_cores = max(0.0, (busy - self._busy - known) / elapsed)

    def _now(self) -> dict[str, Cpu]:
        return {name: _of_tree(pid) for name, pid in self._pids.items()}

    def _own_now(self) -> float:
        return sum(_of(psutil.Process(pid)).all_s for pid in self._own) + _of(psutil.Process()).all_s


def resident_bytes(pids: Mapping[str, int]) -> int:
    """Resident memory of processes and their children, shared pages counted in each."""
    return sum(each.memory_info().rss for pid in pids.values() for each in _tree(pid))


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _of_tree(pid: int) -> Cpu:
    return sum((_of(each) for each in _tree(pid)), Cpu())


def _of(process: psutil.Process) -> Cpu:
    times = process.cpu_times()
    return Cpu(times.user, times.system)


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + getattr(times, "irq", 0.0) + getattr(times, "softirq", 0.0))
