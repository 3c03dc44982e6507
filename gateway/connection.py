"""One socket, as all parts of the gateway know it: who it is, what it may still do, and its outbox."""

from dataclasses import dataclass
from typing import Protocol

from chassis.auth.claims import Identity
from contracts.connections import ConnectionRef
from gateway.limits import Life
from gateway.outbox import Outbox, Wire
from gateway.rates import Bucket


class Socket(Wire, Protocol):
    """What can be done to a socket besides writing; nothing here blocks or raises."""

    def ping(self) -> None:
        """Ask whether somebody is there."""

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after what was written; the transport ends when the client has answered, or in time."""

    def abort(self) -> None:
        """End the transport at once."""

    def rest(self, seconds: float) -> None:
        """Read nothing for a while."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why it is over."""

    code: int
    reason: str


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    """From the handshake (state opening: no socket yet) to its ending, after which nothing reaches it."""

    ref: ConnectionRef
    identity: Identity
    source_ip: str
    user_agent: str | None
    connected_at_ms: int
    life: Life
    outbox: Outbox
    frames: Bucket
    socket: Socket | None = None
    ending: Ending | None = None
    in_flight: int = 0
    in_flight_bytes: int = 0
    refused: int = 0
    """Frames in a row that came too fast."""
    refreshing: bool = False
    closing_soon: bool = False
    """The gateway drains: no more requests are taken."""

    @property
    def id(self) -> str:
        """Its name in events and in the connection API."""
        return self.ref.connection_id

    @property
    def user_id(self) -> str:
        """Whose it is."""
        return self.identity.user_id

    @property
    def wants_errors(self) -> bool:
        """Whether it understands more than the source design's frames (spec 3)."""
        return bool(self.ref.features)
