"""The machine under a measurement: what else it did, and what each process took."""

import os
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import psutil


@dataclass(frozen=True, slots=True)
class Conditions:
    """The load averages over the minute before the start and before the end, and the CPU of all, in cores."""

    cores: int
    load_before: float
    load_after: float
    busy_cores: float


class Watch:
    """`with Watch(cluster["processes"]) as watch`: what happened on the machine inside the block."""

    conditions: Conditions
    cpu_s: Mapping[str, float]
    """CPU seconds (user and system) of each process of the cluster, and of this one as `bench`."""
    elapsed_s: float

    def __init__(self, processes: Mapping[str, Mapping[str, Any]]) -> None:
        self._processes = {name: psutil.Process(entry["pid"]) for name, entry in processes.items()}
        self._processes["bench"] = psutil.Process()

    def __enter__(self) -> Self:
        self._load, self._began, self._busy = os.getloadavg()[0], time.monotonic(), _busy_s()
        self._cpu = {name: _cpu_s(process) for name, process in self._processes.items()}
        return self

    def __exit__(self, *_error: object) -> None:
        self.elapsed_s = time.monotonic() - self._began
        self.cpu_s = {name: _cpu_s(process) - self._cpu[name] for name, process in self._processes.items()}
        busy = (_busy_s() - self._busy) / self.elapsed_s
        self.conditions = Conditions(os.cpu_count() or 1, self._load, os.getloadavg()[0], busy)


def open_as_many_files_as_allowed() -> None:
    """For this process and what it starts: a connection is a file on either side."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def resident_bytes(pid: int) -> int:
    """Resident memory of one process, shared pages included."""
    return int(psutil.Process(pid).memory_info().rss)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _busy_s() -> float:
    times = psutil.cpu_times()
    # What a hypervisor gave to others is not ours to spend either.
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))
