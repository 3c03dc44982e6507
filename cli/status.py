"""`kaiwa status`: each process, its address and health, and how far the consumers are."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.cluster import DEFAULT_DIRECTORY, read_cluster
from cli.lag import Lag, lags
from deploy.local import leftovers
from deploy.local.dynamodb import answers as dynamodb_answers
from deploy.local.home import Home
from deploy.local.kafka import answers as kafka_answers
from deploy.local.processes import unready


@dataclass(frozen=True)
class ProcessStatus:
    """One process: ``health`` is ``ready``, ``dead``, or what it lacks."""

    name: str
    pid: int
    address: str
    health: str
    restarts: int
    log: str


def status(
    directory: Annotated[Path, typer.Option("--dir", help="the cluster's folder")] = DEFAULT_DIRECTORY,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Show each process of the local cluster, its address and health, and the consumers' lag.

    The exit code is 0 if all of them are ready, 1 if one is not or no cluster is running.
    """
    home = Home(directory)
    running = home.is_held()
    found = processes(home) if running else []
    behind = _lags(directory) if any(one.name == "kafka" and one.health == "ready" for one in found) else []
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "running": running,
                    "processes": [asdict(one) for one in found],
                    "lag": [asdict(lag) for lag in behind],
                },
                indent=2,
            )
        )
    elif running:
        _show(found, behind)
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
    health = _health(name, port) if alive else "dead"
    return ProcessStatus(
        name, int(entry["pid"]), f"127.0.0.1:{port}", health, int(entry["restarts"]), str(home.log(name))
    )


def _health(name: str, port: int) -> str:
    if name == "kafka":
        return "ready" if kafka_answers(port) else "does not answer"
    if name == "dynamodb":
        return "ready" if dynamodb_answers(port) else "does not answer"
    return unready(port) or "ready"


def _lags(directory: Path) -> list[Lag]:
    from aiokafka.errors import KafkaError  # noqa: PLC0415 (only where Kafka is there)

    try:
        return asyncio.run(lags(read_cluster(directory)["kafkaBootstrap"]))
    except (KafkaError, TimeoutError, OSError) as error:
        typer.echo(f"kaiwa: The consumers' lag is not known ({type(error).__name__}).", err=True)
        return []


def _show(found: list[ProcessStatus], behind: list[Lag]) -> None:
    console = Console(highlight=False)
    table = Table("process", "pid", "address", "health", "restarts", box=None)
    for one in found:
        colour = "green" if one.health == "ready" else "red"
        table.add_row(one.name, str(one.pid), one.address, f"[{colour}]{one.health}[/]", str(one.restarts))
    console.print(table)
    if behind:
        lag = Table("consumer group", "topic", "records behind", box=None)
        for entry in behind:
            lag.add_row(entry.group, entry.topic, str(entry.records))
        console.print()
        console.print(lag)
