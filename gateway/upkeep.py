"""Looks after open connections: pings, idle ones, old ones, expired tokens, clients that do not read (spec 7)."""

from collections.abc import Callable

from gateway import metrics
from gateway.connection import Connection
from gateway.deliver import Deliverer
from gateway.endings import Endings
from gateway.limits import Breach, TimeLimits, verdict
from gateway.outbox import Outboxes
from gateway.registry import Registry
from gateway.wheel import Wheel

SWEEP_S = 1.0


class Upkeep:
    """One entry on the wheel for each connection, and one for all outboxes."""

    def __init__(
        self,
        *,
        registry: Registry,
        endings: Endings,
        deliverer: Deliverer,
        outboxes: Outboxes,
        wheel: Wheel,
        limits: TimeLimits,
        outbox_s: float,
        always_expire: bool,
        wall_s: Callable[[], float],
    ) -> None:
        self._registry = registry
        self._endings = endings
        self._deliverer = deliverer
        self._outboxes = outboxes
        self._wheel = wheel
        self._limits = limits
        self._outbox_s = outbox_s
        self._always_expire = always_expire
        self._wall_s = wall_s

    def start(self) -> None:
        """Begin to sweep the outboxes."""
        self._wheel.after(SWEEP_S, self._sweep)

    def look_after(self, connection: Connection) -> None:
        """From now on its limits hold."""
        connection.life.next_ping_s = self._wheel.now() + self._limits.ping_interval_s
        self._look(connection, self._wheel.now())

    def expires(self, connection: Connection, expires_at: float) -> None:
        """Its token expires at `expires_at` (epoch seconds); the source design's clients live on after that."""
        if not (self._always_expire or connection.wants_errors):
            return
        connection.life.expires_s = self._wheel.now() + expires_at - self._wall_s()
        if connection.life.look_s > 0:
            self._look(connection, self._wheel.now())

    def _look(self, connection: Connection, now: float) -> None:
        if connection.ending is not None or connection.socket is None:
            return
        due = verdict(connection.life, self._limits, now)
        if isinstance(due, Breach):
            metrics.met(due.limit)
            self._endings.close(connection, due.code)
            return
        if due == "ping":
            connection.socket.ping()
            connection.life.pinged_s = now
            connection.life.next_ping_s = now + self._limits.ping_interval_s
            self._look(connection, now)
            return
        self._look_at(connection, float(due))

    def _look_at(self, connection: Connection, when_s: float) -> None:
        connection.life.look_s = when_s

        def look(now: float) -> None:
            # A refreshed token has put another entry on the wheel; this one is void then.
            if connection.life.look_s == when_s:
                self._look(connection, now)

        self._wheel.at(when_s, look)

    def _sweep(self, now: float) -> None:
        for connection_id in self._outboxes.stuck(now, self._outbox_s):
            connection = self._registry.get(connection_id)
            if connection is not None:
                self._deliverer.fall_behind(connection, "outbox_s")
        self._wheel.after(SWEEP_S, self._sweep)
