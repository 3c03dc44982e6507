"""How connections end: whoever ends one does it here, so that each ends once and the log is told once (spec 4)."""

from collections.abc import Callable

from chassis.logs import get_logger, redact
from chassis.records import outgoing
from contracts.close_codes import ABNORMAL, CLOSE_CODES, CloseCode
from contracts.connections import Disconnected
from contracts.ids import new_event_id
from contracts.timestamps import iso
from contracts.topics import CONNECTIONS
from gateway import metrics
from gateway.connection import Connection, Ending, Socket
from gateway.departures import Departures
from gateway.registry import Registry
from gateway.tracing import traced

_log = get_logger(__name__)


_KNOWN = frozenset(code.code for code in CLOSE_CODES)
"""Clients may close with thousands of codes, each of which would be a metric."""
_REASON_BYTES = 123  # a control frame holds 125, two of them the code (RFC 6455, section 5.5)


def hang_up(socket: Socket, ending: Ending) -> None:
    """Close a socket as its ending says; where no close frame can say it, cut it off."""
    sendable = 1000 <= ending.code < 5000 and ending.code not in (1004, 1005, ABNORMAL.code, 1015)
    if sendable:
        reason = ending.reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore")
        socket.close(ending.code, reason)
    else:
        socket.abort()


class Endings:
    """A connection that has ended is out of the registry, and its `disconnected` is on its way."""

    def __init__(self, registry: Registry, departures: Departures, *, wall_ms: Callable[[], int]) -> None:
        self._registry = registry
        self._departures = departures
        self._wall_ms = wall_ms

    def close(self, connection: Connection, code: CloseCode) -> None:
        """End it from our side, for one of the contract's reasons; harmless twice."""
        self.close_as(connection, code.code, code.reason)

    def close_as(self, connection: Connection, code: int, reason: str) -> None:
        """End it from our side. While it is opening, the close frame follows the 101 (see lifecycle.py)."""
        if self.ended(connection, code, reason) and connection.socket is not None:
            hang_up(connection.socket, Ending(code, reason))

    def ended(self, connection: Connection, code: int, reason: str) -> bool:
        """It has ended, whoever did it; False if that was known."""
        if not self._registry.remove(connection):
            return False
        connection.ending = Ending(code, redact(reason))
        metrics.CONNECTIONS.set(len(self._registry))
        metrics.ENDED.labels(str(code) if code in _KNOWN else "other").inc()
        self._departures.add(outgoing(CONNECTIONS, connection.user_id, self._event(connection), traced()))
        _log.info("disconnected", connection=connection.id, user=connection.user_id, code=code)
        # What was offered before a close still goes out in front of it.
        connection.outbox.flush()
        connection.outbox.close()
        return True

    def _event(self, connection: Connection) -> Disconnected:
        ending = connection.ending or Ending(ABNORMAL.code, ABNORMAL.reason)
        return Disconnected(
            event_id=new_event_id(),
            occurred_at=iso(self._wall_ms()),
            connection_id=connection.id,
            user_id=connection.user_id,
            gateway_id=connection.ref.gateway_id,
            epoch=connection.ref.epoch,
            code=ending.code,
            reason=ending.reason,
        )
