"""The composition root of the process `gateway`: everything it stands on is put together here, and only here."""

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Any, Final

from chassis.health import Health
from chassis.http_front import HeadLimits, front
from chassis.http_server import bind, port_of, serving
from chassis.logs import get_logger
from chassis.process import Stop
from chassis.publisher import PublishFailed
from chassis.tasks import run_until
from chassis.traces.opening import close
from gateway.assembly import Assembly, assemble
from gateway.back_door import BackDoor
from gateway.descriptors import make_room
from gateway.leases import Superseded
from gateway.protocol import configured
from gateway.settings import GatewaySettings

NAME = "gateway"
CHECK_INTERVAL_S = 1.0
STOPPED_S = 3.0

_PRIVATE_OPTIONS: Final[dict[str, Any]] = {"http": BackDoor, "log_level": "warning", "proxy_headers": False}
_log = get_logger(__name__)


@dataclass(kw_only=True)
class Gateway:
    """The process."""

    settings: GatewaySettings
    health: Health
    parts: Assembly
    public: socket.socket
    private: socket.socket
    _failure: Exception | None = field(default=None, init=False)

    @property
    def port(self) -> int:
        """Of the WebSocket."""
        return port_of(self.public)

    @property
    def connection_api_port(self) -> int:
        """Of the connection API."""
        return port_of(self.private)

    async def run(self, stop: Stop) -> None:
        """Serve until `stop`, then drain. Raises Superseded when another process runs under this gateway's name."""
        make_room(self.settings.connections)
        parts = self.parts
        await parts.publisher.start()
        try:
            private = serving(parts.connection_api, self.private, **_PRIVATE_OPTIONS)
            async with private, serving(parts.application, self.public, **self._public_options()):
                self.health.set("sockets", None)
                _log.info("serving", port=self.port, connection_api=self.connection_api_port)
                await self._work(stop)
        finally:
            await parts.publisher.stop(limit_s=1.0)
            await parts.forwarding.close()
            await parts.verifier.close()
            await close(parts.traces)
        if self._failure is not None:
            raise self._failure

    async def _work(self, stop: Stop) -> None:
        parts = self.parts
        parts.upkeep.start()
        ended = asyncio.ensure_future(self._until_drained(stop))
        await run_until(
            ended,
            parts.gateways.run(),
            parts.controls.run(),
            parts.wheel.run(),
            parts.departures.run(),
            self._hold_lease(stop),
            self._watch(),
        )
        ended.result()

    async def _hold_lease(self, stop: Stop) -> None:
        parts = self.parts
        await parts.gateways.wait_ready()
        await parts.controls.wait_ready()
        default = f"http://{self.settings.connection_api_host}:{self.connection_api_port}/{self.settings.stage}"
        parts.lease.address = self.settings.connection_api_address or default
        try:
            await parts.lease.run()
        except Superseded as error:
            _log.error("this gateway ends", error=str(error))
            if not stop.is_set():
                self._failure = error
            stop.ask()

    async def _watch(self) -> None:
        while True:
            self.health.set("kafka", self.parts.publisher.problem)
            await asyncio.sleep(CHECK_INTERVAL_S)

    async def _until_drained(self, stop: Stop) -> None:
        await stop.wait()
        self.health.set("drain", "stopping")
        if not await self.parts.drain.run(stop) or not self.parts.lease.held:
            return
        try:
            async with asyncio.timeout(STOPPED_S):
                await self.parts.lease.stopped()
        except (TimeoutError, PublishFailed):
            _log.warning("stopped is not in the log: the lease lapses instead")

    def _public_options(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "http": front(_head_limits(settings)),
            "ws": configured(settings.close_timeout_s),
            "ws_max_size": (settings.message_bytes, settings.frame_bytes),
            "ws_ping_interval": None,
            "ws_per_message_deflate": False,
            # X-Forwarded-For is read in handshake.py, and believed only from KAIWA_TRUSTED_PROXIES.
            "proxy_headers": False,
            "timeout_keep_alive": 5,
            # uvicorn's information lines name the address with its token.
            "log_level": "warning",
        }


def _head_limits(settings: GatewaySettings) -> HeadLimits:
    return HeadLimits(address_bytes=settings.address_bytes, head_bytes=settings.head_bytes, head_s=settings.handshake_s)


def build(settings: GatewaySettings, health: Health) -> Gateway:
    """The process, bound to its ports and connected to nothing yet; raises SettingsError where a port is taken."""
    for part in ("sockets", "kafka"):
        health.set(part, "starting")
    public = bind(settings.gateway_host, settings.gateway_port, setting="KAIWA_GATEWAY_PORT")
    try:
        private = bind(settings.connection_api_host, settings.connection_api_port, setting="KAIWA_CONNECTION_API_PORT")
    except BaseException:
        public.close()
        raise
    return Gateway(settings=settings, health=health, parts=assemble(settings, health), public=public, private=private)
