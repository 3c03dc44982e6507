"""What the gateway reads of whole topics: orders to all gateways, and where the others are (spec 4, 7 and 8)."""

from collections.abc import Callable

from chassis.auth.revocations import Revocations
from chassis.logs import get_logger
from chassis.records import Record
from contracts.close_codes import RESTART, SESSIONS_REVOKED, TOO_MANY_CONNECTIONS, CloseCode
from contracts.controls import CloseConnection, EpochLapsed, SessionsRevoked
from contracts.timestamps import epoch_ms
from contracts.topics import CONTROLS, GATEWAYS
from gateway import metrics
from gateway.endings import Endings
from gateway.epochs import Epochs
from gateway.leases import Lease
from gateway.registry import Registry

_log = get_logger(__name__)


class Controls:
    """Harmless twice: a restart reads all of chat.controls again, when there are no connections yet."""

    def __init__(
        self, *, registry: Registry, endings: Endings, revocations: Revocations, epochs: Epochs, lease: Lease
    ) -> None:
        self._registry = registry
        self._endings = endings
        self._revocations = revocations
        self._epochs = epochs
        self._lease = lease
        self._orders: dict[type, Callable[..., None]] = {
            SessionsRevoked: self._revoke,
            CloseConnection: self._close,
            EpochLapsed: self._lapse,
        }

    def on_control(self, record: Record) -> None:
        """Obey one record of chat.controls."""
        event = CONTROLS.decode(record.value)
        self._orders[type(event)](event)

    def on_gateway(self, record: Record) -> None:
        """Learn from one record of chat.gateways."""
        event = GATEWAYS.decode(record.value)
        self._lease.watch(event)
        self._epochs.apply(event, record.timestamp)

    def _revoke(self, order: SessionsRevoked) -> None:
        self._revocations.record(order.user_id, epoch_ms(order.revoked_at))
        for connection in self._registry.of_user(order.user_id):
            if self._revocations.is_revoked(connection.identity):
                metrics.met("revoked")
                self._endings.close(connection, SESSIONS_REVOKED)

    def _close(self, order: CloseConnection) -> None:
        connection = self._registry.get(order.connection_id)
        if connection is not None:
            if order.code == TOO_MANY_CONNECTIONS.code:
                metrics.met("connections_per_user")
            self._endings.close_as(connection, order.code, order.reason)

    def _lapse(self, order: EpochLapsed) -> None:
        self._epochs.end(order.gateway_id, order.epoch)
        if self._lease.lapsed(order.epoch):
            self.close_all(RESTART)

    def close_all(self, code: CloseCode) -> None:
        """Close every connection here."""
        for connection in self._registry:
            self._endings.close(connection, code)
