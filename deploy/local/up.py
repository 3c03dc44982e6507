"""Brings a whole cluster up, holds it, and takes it down: the composition root of `kaiwa up`."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from typing import Any

from deploy.local import cluster_file, disk, leftovers, rotation
from deploy.local.home import Home
from deploy.local.options import Options, Screen, decide
from deploy.local.processes import Cluster
from deploy.local.reaping import Reaper
from deploy.local.starting import start
from deploy.local.supervisor import Supervisor

_TIDY_EVERY_S = 5.0


def bring_up(options: Options, screen: Screen) -> None:
    """Runs the cluster until SIGINT or SIGTERM (a second one hurries), then stops it in order and returns.

    Java and the jars must be there: deploy.local.fetch. Raises LocalClusterError if it cannot start, or if a process
    died five times within a minute; all is stopped then.
    """
    home = Home(options.folder)
    with home.held():
        # Before the event loop, which Ctrl-C would only tell of it.
        leftovers.end(home.recorded())
        home.cluster_file.unlink(missing_ok=True)
        if warning := disk.require_space(home.folder):
            screen.say(warning)
        asyncio.run(_run(decide(home, options), options, screen))


async def _run(cluster: Cluster, options: Options, screen: Screen) -> None:
    run = Run(cluster, options, screen)
    try:
        await run.until_stopped()
    finally:
        run.close()


class Run:
    """One life of a cluster."""

    def __init__(self, cluster: Cluster, options: Options, screen: Screen) -> None:
        self._cluster, self._options, self._screen = cluster, options, screen
        self._home = cluster.home
        self._reaper = Reaper(self._home.cluster_file)
        self._supervisor = Supervisor(self._reaper, changed=self._record, say=screen.say)
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()
        self._is_ready = False
        self._unrecorded = False

    async def until_stopped(self) -> None:
        """Starts everything, waits for the end, stops everything."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` has it ignored, and means it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._asked_to_stop)
        tasks = [asyncio.create_task(work) for work in (self._start(), self._stop.wait(), self._tidy())]
        starting, stopping, _ = tasks
        ends: list[asyncio.Future[Any]] = [stopping, self._supervisor.failure]
        try:
            await asyncio.wait([starting, *ends], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._supervisor.failure.done():
                raise self._supervisor.failure.result()
        finally:
            for task in tasks:
                task.cancel()
            await self._end()

    def close(self) -> None:
        """Nothing of this cluster runs when it returns."""
        self._reaper.close()
        self._home.supervisor_file.unlink(missing_ok=True)
        if self._options.ephemeral:
            shutil.rmtree(self._home.data(ephemeral=True), ignore_errors=True)

    async def _start(self) -> None:
        await start(self._cluster, self._options, self._screen, self._supervisor, self._stop.is_set)
        self._is_ready = True
        self._record()
        self._screen.ready(self._cluster)

    async def _end(self) -> None:
        self._is_ready = False
        self._home.cluster_file.unlink(missing_ok=True)
        await self._supervisor.stop(stages(self._options.gateways), self._hurry)

    async def _tidy(self) -> None:
        while True:
            await asyncio.to_thread(rotation.rotate_all, self._home.logs)
            if self._unrecorded:
                self._record()
            await asyncio.sleep(_TIDY_EVERY_S)

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
            return
        # First, since nothing may keep it from being done: after SIGHUP there is no terminal to say it on.
        self._stop.set()
        self._screen.say("Stopping (once more: at once)")

    def _record(self) -> None:
        """Writes who lives; where a full disk forbids it now, the children are kept alive and it is tried again."""
        try:
            self._write_files()
        except OSError as error:
            if not self._unrecorded:
                self._screen.say(f"{self._home.folder} cannot be written ({error}): trying again")
            self._unrecorded = True
        else:
            self._unrecorded = False

    def _write_files(self) -> None:
        """For `kaiwa down` after whatever happens, and once all is ready for programs."""
        kept = self._supervisor.kept
        living = {name: one.recorded() for name, one in kept.items() if one.child}
        supervisor = leftovers.identity(os.getpid())
        content = {"supervisor": supervisor, "reaper": self._reaper.identity, "processes": living}
        self._home.write(self._home.supervisor_file, content)
        if self._is_ready:
            pids = {name: int(entry["pid"]) for name, entry in living.items()}
            ports = {name: one.spec.port for name, one in kept.items()}
            self._home.write(self._home.cluster_file, cluster_file.described(self._cluster, pids, ports))


def stages(gateways: int) -> list[list[str]]:
    """The order of stopping: sockets first, while everything that their goodbyes need still runs; storage last."""
    return [
        [f"gateway-{number}" for number in range(1, gateways + 1)],
        ["fanout"],
        ["persistence", "presence", "api", "issuer"],
        ["dynamodb", "kafka"],
    ]
