"""Keeps child processes alive: starts them, waits until they work, starts them again, stops them in order.

Knows nothing of Kaiwa. One task for each child; the folder's files and the screen are told through callbacks.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.local import ports
from deploy.local.child import Child, ProcessSpec
from deploy.local.engines import tail
from deploy.local.faults import LocalClusterError
from deploy.local.reaping import Reaper
from deploy.local.restarts import Restarts

_POLL_S = 0.1
_WRONG_SETTINGS = 2


@dataclass
class Kept:
    """One child and its history."""

    spec: ProcessSpec
    restarts: Restarts = field(default_factory=Restarts)
    child: Child | None = None
    starts: int = 0
    wanted: bool = True
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    missing: str | None = "it has not started"
    task: asyncio.Task[None] | None = None

    def recorded(self) -> dict[str, Any]:
        """How ``supervisor.json`` names it."""
        if self.child is None:
            return {}
        told = {"restarts": self.starts - 1, "port": self.spec.port, "address": self.spec.address}
        return {**self.child.identity, **told}


class Supervisor:
    """All children of one cluster. ``changed`` is called at every new process id, ``say`` with a line for people."""

    def __init__(self, reaper: Reaper, *, changed: Callable[[], None], say: Callable[[str], None]) -> None:
        self.kept: dict[str, Kept] = {}
        self.failure: asyncio.Future[LocalClusterError] = asyncio.get_running_loop().create_future()
        self._reaper, self._changed, self._say = reaper, changed, say

    def start(self, spec: ProcessSpec) -> None:
        """Starts a child and keeps it alive from now on."""
        kept = self.kept[spec.name] = Kept(spec)
        kept.task = asyncio.create_task(self._keep(kept))
        kept.task.add_done_callback(self._no_longer_kept)

    async def ready(self, names: Iterable[str], timeout_s: float = 120.0) -> None:
        """Returns when each has taken work once.

        Raises LocalClusterError: ``NOT_READY`` with what is missing after ``timeout_s``, or why a child was given up.
        """
        everything = asyncio.create_task(self._all_ready([self.kept[name] for name in names]))
        try:
            either: list[asyncio.Future[Any]] = [everything, self.failure]
            await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if self.failure.done():
                raise self.failure.result()
            if not everything.done():
                raise self._not_ready(timeout_s)
        finally:
            everything.cancel()

    async def stop(self, stages: Sequence[Iterable[str]], hurry: asyncio.Event) -> None:
        """Ends the children stage by stage, each with its grace; once ``hurry`` is set, what is left is killed."""
        for stage in stages:
            await self._stop([self.kept[name] for name in stage if name in self.kept], hurry)

    async def _all_ready(self, kept: Sequence[Kept]) -> None:
        for one in kept:
            await one.ready.wait()

    async def _keep(self, kept: Kept) -> None:
        while kept.wanted:
            code = await self._live(kept)
            if not kept.wanted:
                return
            if why := _why_not_again(kept, code):
                self._give_up(kept, why)
                return
            delay = kept.restarts.died(time.monotonic())
            if delay is None:
                self._give_up(kept, "died five times within a minute")
                return
            self._say(f"{kept.spec.name} ended with exit code {code}; starting it again in {delay:.0f} s")
            await asyncio.sleep(delay)

    async def _live(self, kept: Kept) -> int:
        """One life of a child, from its start to its exit code."""
        if not ports.is_free(kept.spec.port):
            self._say(f"port {kept.spec.port} for {kept.spec.name} is taken by another program")
            return 1
        try:
            kept.child = child = Child(kept.spec)
        except OSError as error:
            # No room for its log, no process to be had: as if it had died at once.
            self._say(f"{kept.spec.name} cannot be started: {error}")
            return 1
        self._reaper.watch(child.pid)
        kept.starts += 1
        self._changed()
        try:
            while child.alive:
                if not kept.ready.is_set() and (missing := await asyncio.to_thread(child.missing)) != kept.missing:
                    kept.missing = missing
                if kept.missing is None:
                    kept.ready.set()
                await asyncio.sleep(_POLL_S)
        finally:
            if not child.alive:
                self._reaper.forget(child.pid)
        return child.exit_code or 0

    async def _stop(self, stage: Sequence[Kept], hurry: asyncio.Event) -> None:
        for kept in stage:
            kept.wanted = False
            if kept.child:
                kept.child.signal(signal.SIGTERM)
                kept.child.signal(signal.SIGCONT)  # A paused process hears SIGTERM only when it is woken.
        started = time.monotonic()
        while living := [kept for kept in stage if kept.child and kept.child.alive]:
            for kept in living:
                if kept.child and (hurry.is_set() or time.monotonic() - started > kept.spec.stop_grace_s):
                    self._say(f"{kept.spec.name} did not end by itself and is killed")
                    kept.child.signal(signal.SIGKILL)
            await asyncio.sleep(_POLL_S / 2)
        for kept in stage:
            if kept.task:
                kept.task.cancel()
            if kept.child:
                self._reaper.forget(kept.child.pid)

    def _no_longer_kept(self, task: asyncio.Task[None]) -> None:
        """An error that nobody foresaw ends the cluster: better than a child that nobody starts again."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.failure.done():
            self.failure.set_result(LocalClusterError("SUPERVISOR", f"the supervisor failed: {error!r}"))

    def _give_up(self, kept: Kept, why: str) -> None:
        log = kept.spec.log
        if not self.failure.done():
            self.failure.set_result(
                LocalClusterError("PROCESS_DIES", f"{kept.spec.name} {why}; the end of {log}:\n{tail(log)}")
            )

    def _not_ready(self, timeout_s: float) -> LocalClusterError:
        late = [kept for kept in self.kept.values() if not kept.ready.is_set()]
        missing = "; ".join(f"{kept.spec.name}: {kept.missing}" for kept in late)
        first = late[0].spec.log
        return LocalClusterError(
            "NOT_READY", f"not ready after {timeout_s:.0f} s ({missing}); the end of {first}:\n{tail(first)}"
        )


def _why_not_again(kept: Kept, code: int) -> str | None:
    if code == _WRONG_SETTINGS:
        return "cannot start with these settings"
    if kept.spec.forgets and kept.ready.is_set():
        return f"ended with exit code {code}, and what it held in memory is gone: start the cluster again"
    return None
