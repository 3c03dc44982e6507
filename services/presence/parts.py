"""What all partitions of a worker share."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from chassis import metrics as chassis_metrics
from chassis.dead_letters import code_of
from chassis.health import Health
from chassis.logs import get_logger
from chassis.publisher import Publisher
from chassis.records import Record
from chassis.table import TablePort
from contracts.timestamps import iso
from contracts.topics import CONNECTIONS
from services.presence.leases import Cause, EpochKey
from services.presence.settings import PresenceSettings

_log = get_logger(__name__)


def wall_clock() -> str:
    """Now, ISO 8601: for `occurredAt`, never for a decision."""
    return iso(int(time.time() * 1000))


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The doors of a partition to the world."""

    settings: PresenceSettings
    table: TablePort
    publisher: Publisher
    health: Health
    ended: Callable[[EpochKey, int], Cause | None]
    """Why the epoch of a connection, which the log took at that broker time, is over; None while it lives."""
    endings: Callable[[], int]
    """Another number whenever an epoch has ended."""
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], str] = wall_clock

    def tell_bad(self, record: Record, error: Exception) -> None:
        """Log and count a record that is put aside."""
        chassis_metrics.DEAD_LETTERS.labels(CONNECTIONS.name, code_of(error)).inc()
        _log.error(
            "a record is put aside",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            code=code_of(error),
            error=f"{type(error).__name__}: {error}"[:300],
        )
