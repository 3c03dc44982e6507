"""The life of a process: settings, logs, health port, signals, a clean end.

Exit codes: 0 stopped as asked; 1 it failed; 2 its settings are wrong.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import Any, Protocol

import uvloop

from chassis import garbage, logs
from chassis.health import Health
from chassis.health_server import health_app
from chassis.http_server import bind, port_of, serving
from chassis.settings import AnySettings, ObservabilitySettings, SettingsError, load, masked


class Stop(asyncio.Event):
    """Set when the process is asked to end; `hurry` is set when it is asked again."""

    def __init__(self) -> None:
        super().__init__()
        self.hurry = asyncio.Event()

    def ask(self) -> None:
        """The first time: end in good order. The second: at once."""
        if self.is_set():
            self.hurry.set()
        self.set()


class Process(Protocol):
    """What a composition root builds."""

    async def run(self, stop: Stop) -> None:
        """Work until `stop` is set, then end in good order. An exception ends the process with exit code 1."""


Build = Callable[[Any, Health], Process]


def main(name: str, settings_class: type[AnySettings], build: Build) -> int:
    """Run one process to its end; returns the exit code."""
    try:
        settings = load(settings_class)
    except SettingsError as error:
        sys.stderr.write(f"{name} cannot start: its settings are wrong.\n{error}\n")
        return 2
    if not isinstance(settings, ObservabilitySettings):
        raise TypeError(f"{settings_class.__name__} lacks ObservabilitySettings")
    logs.setup(settings.instance_id or name, level=settings.log_level, form=settings.log_format)
    log = logs.get_logger(__name__)
    log.info("starting", settings=masked(settings))
    try:
        uvloop.run(_run(name, settings, build))
    except SettingsError as error:
        log.error("cannot start", error=str(error))  # noqa: TRY400 - what to change is all there is to say
        return 2
    except Exception:
        log.exception("the process failed")
        return 1
    log.info("stopped")
    return 0


async def _run(name: str, settings: ObservabilitySettings, build: Build) -> None:
    health, stop = Health(), Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.ask)
    sock = bind(settings.health_host, settings.health_port, setting="KAIWA_HEALTH_PORT")
    logs.get_logger(__name__).info("health", host=settings.health_host, port=port_of(sock))
    async with serving(health_app(name, health), sock):
        process = build(settings, health)
        garbage.settled()
        health.started()
        await process.run(stop)
