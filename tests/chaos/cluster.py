"""A whole cluster of one's own, held in this process: as `kaiwa up` starts it, and with what faults need beside it.

Two of each worker; a gate before the table for each process, and before the broker for the second workers,
and before the connection API of each gateway. What dies
is started again a second later, however often. All data are on files, so that also the engines may be killed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from chassis.readiness import unready
from deploy.local import cluster_file, deployment, ports, processes
from deploy.local.child import Child, ProcessSpec
from deploy.local.dynamodb import dynamodb_spec
from deploy.local.home import Home
from deploy.local.kafka import kafka_spec
from deploy.local.options import Options, decide
from deploy.local.reaping import Reaper
from deploy.local.restarts import Restarts
from deploy.local.supervisor import Supervisor
from tests.chaos.gates import Gate, TableGate
from tests.chaos.until import until
from tests.small_disk import SmallDisk

GATEWAYS = 2
SECOND = ("persistence-2", "fanout-2")
"""Workers that reach the broker through a gate of their own."""
THIRD = ("persistence-3", "fanout-3")
"""Workers that faults add and take."""
ENGINES = ("kafka", "dynamodb")
WITH_TABLE = ("persistence", "presence", "fanout", "api")
DISK = "kafka"
_READY_S = 120.0


class Patient(Restarts):
    """Starts again a second after every death, the hundredth too."""

    def died(self, now_s: float) -> float | None:  # noqa: ARG002 - the time does not matter here
        """One second."""
        return 1.0


class ChaosCluster:
    """`async with ChaosCluster.up(folder) as cluster`."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.home = Home(folder)
        self.plan = decide(self.home, Options(folder, gateways=GATEWAYS))
        self.disk = SmallDisk(folder / DISK)
        """Where the broker keeps its data; mounted or not before the cluster starts."""
        self._reaper = Reaper()
        self.supervisor = Supervisor(self._reaper, changed=self._record, say=say)
        self.tables: dict[str, TableGate] = {}
        self.brokers: dict[str, Gate] = {}
        self.pushes: dict[str, Gate] = {}
        self._specs: dict[str, ProcessSpec] = {}

    @classmethod
    @asynccontextmanager
    async def up(cls, folder: Path, say: Callable[[str], None]) -> AsyncIterator["ChaosCluster"]:
        """A ready cluster on the data in `folder`; everything has ended afterwards."""
        made = cls(folder, say)
        try:
            await made._start()
            yield made
        finally:
            await made._end()

    # What runs

    @property
    def names(self) -> list[str]:
        """All processes that are kept alive now."""
        return [name for name, kept in self.supervisor.kept.items() if kept.wanted]

    def child(self, name: str) -> Child | None:
        """The process of that name, if it has been started."""
        kept = self.supervisor.kept.get(name)
        return None if kept is None else kept.child

    def pid(self, name: str) -> int | None:
        """Its id while it lives."""
        child = self.child(name)
        return child.pid if child is not None and child.alive else None

    async def is_ready(self, name: str, but: int | None = None) -> bool:
        """Whether it takes work and is another process than `but`."""
        child = self.child(name)
        if child is None or not child.alive or child.pid == but:
            return False
        return await asyncio.to_thread(child.missing) is None

    async def ready(self, names: Iterable[str], within_s: float = _READY_S) -> bool:
        """Wait until all of them take work; whether they did in time."""
        return all([await until(partial(self.is_ready, name), within_s=within_s) for name in names])

    def start(self, name: str, environ: Mapping[str, str] | None = None) -> None:
        """Keep a process alive from now on, with these settings beside its own."""
        spec = self._specs[name]
        self.supervisor.start(replace(spec, environ={**spec.environ, **(environ or {})}))
        self.supervisor.kept[name].restarts = Patient()

    async def stop(self, *names: str) -> None:
        """End processes as `kaiwa down` does, and do not start them again."""
        await self.supervisor.stop([names], asyncio.Event())

    @property
    def described(self) -> dict[str, Any]:
        """As cluster.json describes it, with the path of that file."""
        children = {name: kept for name, kept in self.supervisor.kept.items() if kept.child and kept.wanted}
        pids = {name: kept.child.pid for name, kept in children.items() if kept.child}
        known = cluster_file.described(
            self.plan,
            pids,
            {name: kept.spec.port for name, kept in children.items() if name not in ENGINES}
            | dict.fromkeys(ENGINES, 0),
        )
        return {**known, "path": str(self.home.cluster_file)}

    def _record(self) -> None:
        self.home.cluster_file.write_text(json.dumps(self.described))

    # Its life

    async def _start(self) -> None:
        for name in SECOND:
            # The broker tells its clients where to come back to, so each gate has a listener of the broker's own.
            self.brokers[name] = Gate(ports.free_port())
            await self.brokers[name].open()
        for number in range(1, GATEWAYS + 1):
            self.pushes[f"gateway-{number}"] = Gate(self.plan.addresses.gateway(number)[1])
            await self.pushes[f"gateway-{number}"].open()
        engines = await asyncio.to_thread(self._engines)
        for name in (*WITH_TABLE, *SECOND, *THIRD):
            self.tables[name] = TableGate(self.plan.addresses.dynamodb)
            await self.tables[name].open()
        services = [processes.issuer(self.plan), *self._services()]
        self._specs = {spec.name: spec for spec in (*engines, *services)}
        for name in (*ENGINES, "issuer"):
            self.start(name)
        await self.supervisor.ready(ENGINES, _READY_S)
        await deployment.make_topics(self.plan)
        await deployment.make_table(self.plan)
        await deployment.remember_topics(self.plan)
        at_once = [spec.name for spec in services if spec.name not in {"issuer", *THIRD}]
        for name in at_once:
            self.start(name)
        await self.supervisor.ready(["issuer", *at_once], _READY_S)

    async def _end(self) -> None:
        hurry = asyncio.Event()
        hurry.set()
        await self.supervisor.stop([list(self.supervisor.kept)], hurry)
        for gate in (*self.tables.values(), *self.brokers.values(), *self.pushes.values()):
            await gate.close()
        await asyncio.to_thread(self._reaper.close)

    def _engines(self) -> list[ProcessSpec]:
        port, logs = self.plan.addresses.port, self.home.log
        kafka = kafka_spec(self.disk.folder, port=port("kafka"), controller_port=port("controller"), log=logs("kafka"))
        self._add_listeners(self.disk.folder / "server.properties")
        table = dynamodb_spec(self.folder / "dynamodb", port=self.plan.addresses.dynamodb, log=logs("dynamodb"))
        return [kafka, table]

    def _add_listeners(self, properties: Path) -> None:
        lines = []
        for line in properties.read_text().splitlines():
            name, _, value = line.partition("=")
            for number, gate in enumerate(self.brokers.values()):
                if name == "listeners":
                    value += f",GATE{number}://127.0.0.1:{gate.target}"
                if name == "advertised.listeners":
                    value += f",GATE{number}://127.0.0.1:{gate.port}"
                if name == "listener.security.protocol.map":
                    value += f",GATE{number}:PLAINTEXT"
            lines.append(f"{name}={value}")
        properties.write_text("\n".join([*lines, "inter.broker.listener.name=PLAINTEXT", ""]))

    def _services(self) -> list[ProcessSpec]:
        made = processes.services(self.plan)
        by_name = {spec.name: spec for spec in made}
        for name in (*SECOND, *THIRD):
            made.append(self._twin(by_name[name.partition("-")[0]], name))
        return [self._gated(spec) for spec in made]

    def _twin(self, spec: ProcessSpec, name: str) -> ProcessSpec:
        port = ports.free_port()
        own = {"KAIWA_INSTANCE_ID": name, "KAIWA_HEALTH_PORT": str(port)}
        environ = {**spec.environ, **own}
        return replace(
            spec, name=name, log=self.home.log(name), port=port, missing=lambda: unready(port), environ=environ
        )

    def _gated(self, spec: ProcessSpec) -> ProcessSpec:
        own: dict[str, str] = {}
        if spec.name in self.tables:
            own["KAIWA_DYNAMODB_ENDPOINT"] = f"http://127.0.0.1:{self.tables[spec.name].port}"
        if spec.name in self.brokers:
            own["KAIWA_KAFKA_BOOTSTRAP"] = f"127.0.0.1:{self.brokers[spec.name].port}"
        if spec.name in self.pushes:
            address = f"http://127.0.0.1:{self.pushes[spec.name].port}/{processes.STAGE}"
            own["KAIWA_CONNECTION_API_ADDRESS"] = address
        return replace(spec, environ={**spec.environ, **own})
