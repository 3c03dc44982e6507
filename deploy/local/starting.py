"""The order in which a cluster starts: what waits for what, and nothing else."""

from __future__ import annotations

import asyncio
import importlib
import shutil
from collections.abc import Awaitable, Callable

from deploy.issuer.client import ask_for_token
from deploy.local import processes
from deploy.local.child import ProcessSpec
from deploy.local.dynamodb import dynamodb_spec
from deploy.local.kafka import kafka_spec
from deploy.local.options import Options, Screen
from deploy.local.processes import Cluster
from deploy.local.seed import seed
from deploy.local.supervisor import Supervisor

_READY_WITHIN_S = 120.0


async def start(
    cluster: Cluster, options: Options, screen: Screen, supervisor: Supervisor, stopped: Callable[[], bool]
) -> None:
    """Everything takes work when it returns.

    The engines and the issuer start at once, the rest when topics and table are there. Raises LocalClusterError.
    """
    engines = await asyncio.to_thread(_engines, cluster, options)
    services = processes.services(cluster)
    first = [*engines, processes.issuer(cluster)]
    counting = asyncio.create_task(_count(supervisor, [spec.name for spec in (*first, *services)], screen))
    try:
        for spec in first:
            supervisor.start(spec)
        await _storage(cluster, supervisor)
        for spec in services:
            supervisor.start(spec)
        await supervisor.ready([spec.name for spec in (*first, *services)], _READY_WITHIN_S)
    finally:
        counting.cancel()
    await _seed(cluster, options, screen, stopped)


def _engines(cluster: Cluster, options: Options) -> list[ProcessSpec]:
    home, port = cluster.home, cluster.addresses.port
    data = home.data(ephemeral=options.ephemeral)
    if options.ephemeral:
        shutil.rmtree(data, ignore_errors=True)
    table = None if options.ephemeral else data / "dynamodb"
    return [
        kafka_spec(data / "kafka", port=port("kafka"), controller_port=port("controller"), log=home.log("kafka")),
        dynamodb_spec(table, port=cluster.addresses.dynamodb, log=home.log("dynamodb")),
    ]


async def _storage(cluster: Cluster, supervisor: Supervisor) -> None:
    # Half a second of imports, on a thread while the engines start.
    deployment = await asyncio.to_thread(importlib.import_module, "deploy.local.deployment")

    async def after(engine: str, work: Callable[[Cluster], Awaitable[None]]) -> None:
        await supervisor.ready([engine], _READY_WITHIN_S)
        await work(cluster)

    await asyncio.gather(after("kafka", deployment.make_topics), after("dynamodb", deployment.make_table))
    await deployment.remember_topics(cluster)


async def _seed(cluster: Cluster, options: Options, screen: Screen, stopped: Callable[[], bool]) -> None:
    if cluster.home.seeded_file.exists() and not options.ephemeral:
        return
    screen.step("Making alice, bob, carol, dave and the lobby", 1, 1)

    def token(user: str, admin: bool) -> str:
        return ask_for_token(cluster.issuer_url, user, admin=admin)

    await asyncio.to_thread(seed, cluster.api_url, token, stopped)
    if not options.ephemeral:
        cluster.home.seeded_file.touch()


async def _count(supervisor: Supervisor, names: list[str], screen: Screen) -> None:
    while True:
        kept = supervisor.kept
        waiting = [name for name in names if not (name in kept and kept[name].ready.is_set())]
        screen.step(_awaited(waiting), len(names) - len(waiting), len(names))
        await asyncio.sleep(0.2)


def _awaited(names: list[str]) -> str:
    """Short enough for one line of a narrow terminal."""
    more = f" and {len(names) - 2} more" if len(names) > 3 else ""
    return f"Waiting for {', '.join(names[:2] if more else names)}{more}" if names else "All is there"
