"""`kaiwa status`: each process, its address and health, and how far the consumers are."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Column, Table

from chassis.readiness import unready
from cli.cluster import DEFAULT_DIRECTORY
from cli.lag import Lag, lags
from deploy.local import leftovers
from deploy.local.cluster_file import ENGINES
from deploy.local.dynamodb import answers as dynamodb_answers
from deploy.local.home import Home
from deploy.local.kafka import answers as kafka_answers


@dataclass(frozen=True)
class ProcessStatus:
    """One process: ``health`` is ``ready``, ``dead``, or what it lacks. ``address`` is empty where nobody calls it."""

    name: str
    pid: int
    address: str
    health: str
    health_url: str | None
    """None for the engines, which are not ours."""
    restarts: int
    log: str


def status(
    directory: Annotated[Path, typer.Option("--dir", help="the cluster's folder")] = DEFAULT_DIRECTORY,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Show each process of the local cluster, its addresses and health, and the consumers' lag.

    The exit code is 0 if all of them are ready, 1 if one is not or no cluster is running.
    """
    home = Home(directory)
    running = home.is_held()
    found = processes(home) if running else []
    kafka = next((one.address for one in found if one.name == "kafka" and one.health == "ready"), None)
    behind = _lags(kafka) if kafka else []
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "running": running,
                    "processes": [_described(one) for one in found],
                    "lag": [asdict(lag) for lag in behind],
                },
                indent=2,
            )
        )
    elif found:
        _show(found, behind)
    elif running:
        typer.echo(f"kaiwa: The cluster in {directory} is about to start its first process.", err=True)
    else:
        typer.echo(f"kaiwa: No cluster is running in {directory}: start one with `kaiwa up`.", err=True)
    raise typer.Exit(0 if found and all(one.health == "ready" for one in found) else 1)


def processes(home: Home) -> list[ProcessStatus]:
    """The processes that the supervisor of ``home`` keeps, asked now."""
    recorded = home.read(home.supervisor_file).get("processes", {})
    return [_asked(home, name, entry) for name, entry in sorted(recorded.items())]


def _asked(home: Home, name: str, entry: dict[str, Any]) -> ProcessStatus:
    port = int(entry["port"])
    alive = bool(leftovers.living([entry]))
    return ProcessStatus(
        name=name,
        pid=int(entry["pid"]),
        address=entry["address"],
        health=_health(name, port) if alive else "dead",
        health_url=None if name in ENGINES else f"http://127.0.0.1:{port}/readyz",
        restarts=int(entry["restarts"]),
        log=str(home.log(name)),
    )


def _described(one: ProcessStatus) -> dict[str, Any]:
    return {"healthUrl" if field == "health_url" else field: value for field, value in asdict(one).items()}


def _health(name: str, port: int) -> str:
    if name == "kafka":
        return "ready" if kafka_answers(port) else "does not answer"
    if name == "dynamodb":
        return "ready" if dynamodb_answers(port) else "does not answer"
    return unready(port) or "ready"


def _lags(bootstrap: str) -> list[Lag]:
    from aiokafka.errors import KafkaError  # noqa: PLC0415 (only where Kafka is there)

    try:
        return asyncio.run(lags(bootstrap))
    except (KafkaError, TimeoutError, OSError) as error:
        typer.echo(f"kaiwa: The consumers' lag is not known ({type(error).__name__}).", err=True)
        return []


def _show(found: list[ProcessStatus], behind: list[Lag]) -> None:
    console = Console(highlight=False)
    # An address that is cut short helps nobody; long sentences on health may take several lines.
    whole = [Column(name, no_wrap=True) for name in ("process", "pid", "address")]
    table = Table(*whole, "health", Column("health port", no_wrap=True), Column("restarts", no_wrap=True), box=None)
    for one in found:
        colour = "green" if one.health == "ready" else "red"
        health = f"[{colour}]{one.health}[/]"
        port = str(urlsplit(one.health_url).port) if one.health_url else "–"
        table.add_row(one.name, str(one.pid), one.address or "–", health, port, str(one.restarts))
    console.print(table)
    if behind:
        lag = Table("consumer group", "topic", "records behind", box=None)
        for entry in behind:
            lag.add_row(entry.group, entry.topic, str(entry.records))
        console.print()
        console.print(lag)
