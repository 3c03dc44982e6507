"""A connection from its handshake to its life (spec 2).

    request ─▶ path, Origin, rate ─▶ token ─▶ registry (opening) ─▶ `connected` acknowledged ─▶ 101 ─▶ live

Once it is in the registry, whatever happens ends in `disconnected`: a refusal, a client that has gone, a crash of this
task; a crash of the process ends in the lapse of its lease.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from msgspec import UNSET

from chassis.auth.claims import Identity
from chassis.auth.errors import KeysUnavailable, TokenError
from chassis.auth.revocations import Revocations
from chassis.auth.verifier import Verifier
from chassis.health import Health
from chassis.logs import get_logger
from chassis.publisher import Overloaded, Publisher, PublishFailed
from chassis.records import outgoing
from contracts.close_codes import ABNORMAL
from contracts.connections import Connected, ConnectionRef
from contracts.ids import new_connection_id, new_event_id
from contracts.timestamps import iso
from contracts.topics import CONNECTIONS
from gateway import metrics
from gateway.connection import Connection
from gateway.endings import Endings, hang_up
from gateway.handshake import Handshake
from gateway.limits import Life
from gateway.outbox import Outbox, Outboxes
from gateway.protocol import WebSocket
from gateway.rates import Bucket, Rate
from gateway.refusals import TOO_FAST, TOO_MANY, UNAUTHORIZED, UNAVAILABLE, WRONG_ORIGIN, WRONG_PATH, Refused
from gateway.registry import Registry
from gateway.routes import Routes
from gateway.settings import GatewaySettings
from gateway.tracing import traced
from gateway.upkeep import Upkeep

_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a handshake needs."""

    settings: GatewaySettings
    health: Health
    verifier: Verifier
    revocations: Revocations
    publisher: Publisher
    registry: Registry
    endings: Endings
    outboxes: Outboxes
    upkeep: Upkeep
    routes: Routes
    epoch: Callable[[], str]
    now: Callable[[], float]
    wall_ms: Callable[[], int]


class Lifecycle:
    """Lets connections in."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._path = f"/{parts.settings.stage}"
        self._rate = Rate(parts.settings.connection_rate, parts.settings.connection_burst)
        self._bucket = Bucket(self._rate, parts.now())
        self._frames = Rate(parts.settings.frame_rate, parts.settings.frame_burst)

    async def admit(self, request: Handshake) -> Connection:
        """A connection in state opening, whose `connected` is in the log. Raises Refused."""
        self._check_door(request)
        identity = await self._identify(request.token)
        self._check_room()
        connection = self._registered(request, identity)
        try:
            await self._announce(connection, request)
        except BaseException:
            # Unknown whether `connected` is in the log: then this follows it.
            self._parts.endings.ended(connection, ABNORMAL.code, ABNORMAL.reason)
            raise
        return connection

    def live(self, connection: Connection, socket: WebSocket) -> None:
        """The 101 is written: what waits in the outbox follows it, and frames are read."""
        if not socket.open(_Ears(connection, self._parts)):
            self._parts.endings.ended(connection, ABNORMAL.code, ABNORMAL.reason)
            return
        if connection.ending is not None:
            hang_up(socket, connection.ending)
            return
        connection.socket = socket
        connection.outbox.open(socket)
        self._parts.upkeep.look_after(connection)

    def _check_door(self, request: Handshake) -> None:
        parts = self._parts
        if request.path != self._path:
            raise Refused(WRONG_PATH, "path")
        if request.origin is not None and request.origin not in parts.settings.origins:
            raise Refused(WRONG_ORIGIN, "origin")
        self._check_ready()
        if self._bucket.take(self._rate, parts.now()) > 0:
            raise Refused(TOO_FAST, "rate")
        self._check_room()

    def _check_ready(self) -> None:
        if not self._parts.health.ready:
            raise Refused(UNAVAILABLE, ", ".join(self._parts.health.missing()))

    def _check_room(self) -> None:
        if len(self._parts.registry) >= self._parts.settings.connections:
            raise Refused(TOO_MANY, "connections")

    async def _identify(self, token: str | None) -> Identity:
        if not token:
            raise Refused(UNAUTHORIZED, "no token")
        try:
            identity = await self._parts.verifier.verify(token)
        except TokenError as error:
            raise Refused(UNAUTHORIZED, error.reason) from None
        except KeysUnavailable as error:
            raise Refused(UNAVAILABLE, str(error)) from None
        if self._parts.revocations.is_revoked(identity):
            raise Refused(UNAUTHORIZED, "REVOKED")
        # The epoch may have lapsed, or the drain begun, while the keys were fetched.
        self._check_ready()
        return identity

    def _registered(self, request: Handshake, identity: Identity) -> Connection:
        parts, epoch = self._parts, self._parts.epoch()
        now, connection_id = parts.now(), new_connection_id(epoch)
        ref = ConnectionRef(
            connection_id=connection_id, gateway_id=parts.settings.gateway_id, epoch=epoch, features=request.features
        )
        connection = Connection(
            ref=ref,
            identity=identity,
            source_ip=request.source_ip,
            user_agent=request.user_agent,
            connected_at_ms=parts.wall_ms(),
            life=Life(opened_s=now, active_s=now, heard_s=now, expires_s=None),
            outbox=Outbox(parts.outboxes, connection_id),
            frames=Bucket(self._frames, now),
        )
        parts.upkeep.expires(connection, identity.expires_at)
        parts.registry.add(connection)
        metrics.CONNECTIONS.set(len(parts.registry))
        return connection

    async def _announce(self, connection: Connection, request: Handshake) -> None:
        parts = self._parts
        event = Connected(
            event_id=new_event_id(),
            occurred_at=iso(connection.connected_at_ms),
            connection_id=connection.id,
            user_id=connection.user_id,
            gateway_id=connection.ref.gateway_id,
            epoch=connection.ref.epoch,
            connected_at=iso(connection.connected_at_ms),
            features=request.features,
            source_ip=request.source_ip,
            user_agent=request.user_agent or UNSET,
        )
        try:
            future = parts.publisher.enqueue(outgoing(CONNECTIONS, connection.user_id, event, traced()))
            # The wait may end before the record's time has come: it stays in the publisher.
            async with asyncio.timeout(parts.settings.acknowledgement_s):
                await asyncio.shield(future)
        except (TimeoutError, Overloaded, PublishFailed) as error:
            raise Refused(UNAVAILABLE, f"connected is not acknowledged: {type(error).__name__}") from None
        _log.info("connected", connection=connection.id, user=connection.user_id, ip=connection.source_ip)


class _Ears:
    """Hears for one connection."""

    __slots__ = ("_connection", "_ended", "_now", "_received")

    def __init__(self, connection: Connection, parts: Parts) -> None:
        self._connection = connection
        self._received = parts.routes.received
        self._ended = parts.endings.ended
        self._now = parts.now

    def received(self, text: str) -> None:
        self._received(self._connection, text)

    def heard(self) -> None:
        self._connection.life.heard_s = self._now()

    def ended(self, code: int, reason: str) -> None:
        self._ended(self._connection, code, reason)
