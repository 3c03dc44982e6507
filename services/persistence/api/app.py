"""The composition root of the process `api`: everything it stands on is put together here, and only here."""

import asyncio
import socket
from dataclasses import dataclass

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.auth.issuer import IssuerConfig
from chassis.auth.revocations import Revocations
from chassis.auth.verifier import Verifier
from chassis.health import Health
from chassis.http_front import HeadLimits, front
from chassis.http_server import bind, port_of, serving
from chassis.logs import get_logger
from chassis.process import Stop
from chassis.publisher import Publisher
from chassis.table import Table
from chassis.table_errors import TableError
from chassis.tail import Tail
from chassis.tasks import run_until
from chassis.traces.opening import close, opened
from contracts import table as keys
from contracts.topics import CONTROLS, PRESENCE
from services.persistence.api.authentication import Authentication
from services.persistence.api.commands import Commands
from services.persistence.api.parts import Parts
from services.persistence.api.presence import PresenceView
from services.persistence.api.rates import Rates
from services.persistence.api.records import Records
from services.persistence.api.server import application
from services.persistence.api.settings import ApiSettings

NAME = "api"
CHECK_INTERVAL_S = 2.0
RECHECK_INTERVAL_S = 0.2

_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Api:
    """The process."""

    parts: Parts
    publisher: Publisher
    table: Table
    tails: tuple[Tail, ...]
    health: Health
    sock: socket.socket
    verifier: Verifier

    @property
    def port(self) -> int:
        """Where it listens."""
        return port_of(self.sock)

    async def run(self, stop: Stop) -> None:
        """Serve until `stop`; then requests under way are answered and what they published is acknowledged."""
        try:
            async with self.publisher, serving(application(self.parts), self.sock, http=self._front()):
                _log.info("serving", port=self.port)
                self.health.set("http", None)
                await run_until(stop.wait(), *(tail.run() for tail in self.tails), self._watch())
                self.health.set("http", "stopping")
        finally:
            await self.verifier.close()
            await self.table.close()
            await close(self.parts.traces)

    def _front(self) -> type[HttpToolsProtocol]:
        settings = self.parts.settings
        return front(HeadLimits(head_bytes=settings.http_head_bytes, head_s=settings.http_head_s))

    async def _watch(self) -> None:
        """Tell /readyz whether Kafka and the table answer; ask more often while they do not."""
        while True:
            problems = {"kafka": self.publisher.problem, "table": await self._table_problem()}
            for part, problem in problems.items():
                self.health.set(part, problem)
            await asyncio.sleep(RECHECK_INTERVAL_S if any(problems.values()) else CHECK_INTERVAL_S)

    async def _table_problem(self) -> str | None:
        try:
            await self.table.get(keys.LOG_ID, consistent=False)
        except TableError as error:
            return f"{error.code}: {error}"
        return None


def build(settings: ApiSettings, health: Health) -> Api:
    """The process, bound to its port and connected to nothing yet; raises SettingsError where the port is taken."""
    for part in ("http", "kafka", "table"):
        health.set(part, "starting")
    sock = bind(settings.http_host, settings.http_port, setting="KAIWA_HTTP_PORT")
    traces = opened(settings, NAME, settings.instance_id)
    publisher, table = Publisher(settings, name=NAME, traces=traces), Table(settings)
    verifier = Verifier(IssuerConfig.of(settings))
    presence = PresenceView()
    records = Records(table)
    authentication = Authentication(
        verifier, Revocations(), admin_group=settings.admin_group, revocations_known=lambda: controls.ready
    )
    controls = Tail(
        name="api controls",
        settings=settings,
        topics=[CONTROLS.name],
        on_record=authentication.apply,
        health=health,
    )
    presences = Tail(
        name="api presence", settings=settings, topics=[PRESENCE.name], on_record=presence.apply, health=health
    )
    parts = Parts(
        settings=settings,
        records=records,
        commands=Commands(
            publisher,
            records,
            acknowledgement_s=settings.acknowledgement_s,
            outcome_wait_s=settings.outcome_wait_s,
        ),
        authentication=authentication,
        rates=Rates(settings.http_rate, settings.http_burst),
        presence=presence,
        presence_known=lambda: presences.ready,
        traces=traces,
    )
    return Api(
        parts=parts,
        publisher=publisher,
        table=table,
        tails=(controls, presences),
        health=health,
        sock=sock,
        verifier=verifier,
    )
