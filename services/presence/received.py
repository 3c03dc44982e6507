"""An event of chat.connections and its place in the log. Pure."""

from dataclasses import dataclass

from chassis.records import Record
from contracts.connections import Connected, Disconnected, Retired
from contracts.timestamps import epoch_ms
from contracts.topics import CONNECTIONS

ConnectionEvent = Connected | Disconnected | Retired


class WrongKey(Exception):
    """The record's key is not its user: another partition's worker owns that user, so nothing of it is touched."""

    code = "WRONG_KEY"
    retryable = False


class NoTime(Exception):
    """`connectedAt` is no time, and the records' `ttl` stands on it."""

    code = "NO_TIME"
    retryable = False


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a socket, and where and when it entered the log."""

    event: ConnectionEvent
    offset: int
    arrived_ms: int
    """The broker's append time."""


def receive(record: Record) -> Received:
    """The event in `record`; raises contracts.envelope.ContractError, WrongKey or NoTime."""
    event = CONNECTIONS.decode(record.value)
    if not isinstance(event, Connected | Disconnected | Retired):
        raise TypeError(f"{CONNECTIONS.name} carries a {type(event).__name__}")
    if record.key != event.user_id.encode():
        raise WrongKey("the record's key is not its userId")
    if isinstance(event, Connected):
        _require_time(event.connected_at)
    return Received(event, record.offset, record.timestamp)


def _require_time(text: str) -> None:
    try:
        epoch_ms(text)
    except ValueError:
        raise NoTime("connectedAt is not ISO 8601 with a zone") from None
