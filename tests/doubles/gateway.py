"""A socket, a publisher and a clock that a test moves by hand, and the gateway's inner parts put together on them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chassis.auth.claims import Identity
from chassis.publisher import Overloaded, Position
from chassis.records import Outgoing
from contracts.connections import ConnectionRef
from contracts.envelope import Event
from contracts.ids import new_connection_id
from contracts.topics import BY_NAME
from gateway.connection import Connection
from gateway.deliver import Deliverer
from gateway.departures import Departures
from gateway.endings import Endings
from gateway.limits import Life
from gateway.outbox import Outbox, Outboxes
from gateway.rates import Bucket, Rate
from gateway.registry import Registry
from gateway.wheel import Wheel

EPOCH = "0a0b0c0d"


class Clock:
    """Monotonic seconds and wall time, both moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def wall_s(self) -> float:
        return 1_700_000_000.0 + self.seconds

    def wall_ms(self) -> int:
        return int(self.wall_s() * 1000)


class FakeSocket:
    """Keeps what was done to it; what is written stays unsent until `read`."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.unsent_bytes = 0
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.pings = 0
        self.rested: list[float] = []

    def write(self, data: bytes) -> int:
        self.writes.append(data)
        self.unsent_bytes += len(data)
        return self.unsent_bytes

    def unsent(self) -> int:
        return self.unsent_bytes

    def read(self, size: int | None = None) -> None:
        """The client reads."""
        self.unsent_bytes = 0 if size is None else max(0, self.unsent_bytes - size)

    def ping(self) -> None:
        self.pings += 1

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def abort(self) -> None:
        self.aborted = True

    def rest(self, seconds: float) -> None:
        self.rested.append(seconds)

    @property
    def frames(self) -> list[Any]:
        """The text frames written, as JSON."""
        return [json.loads(payload) for payload in payloads(b"".join(self.writes))]


def payloads(data: bytes) -> list[bytes]:
    """The payloads of unmasked text frames."""
    found = []
    while data:
        assert data[0] == 0x81
        size, head = data[1], 2
        if size == 126:
            size, head = int.from_bytes(data[2:4]), 4
        elif size == 127:
            size, head = int.from_bytes(data[2:10]), 10
        found.append(data[head : head + size])
        data = data[head + size :]
    return found


class FakePublisher:
    """Acknowledges when told to."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []
        self.futures: list[asyncio.Future[Position]] = []
        self.full = False

    def enqueue(self, message: Outgoing) -> asyncio.Future[Position]:
        if self.full:
            raise Overloaded("full")
        self.messages.append(message)
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]

    def events(self) -> list[Any]:
        """What was published, decoded."""
        found: list[Event] = [BY_NAME[message.topic].decode(message.value) for message in self.messages]
        return found

    async def acknowledge(self) -> None:
        """Everything so far is in the log."""
        for number, future in enumerate(self.futures):
            if not future.done():
                future.set_result(Position("topic", 0, number, 0))
        await turn()

    async def fail(self, error: Exception) -> None:
        """Everything that waits fails."""
        for future in self.futures:
            if not future.done():
                future.set_exception(error)
        await turn()


async def turn() -> None:
    """Let the loop do what is ready."""
    for _ in range(5):
        await asyncio.sleep(0)


@dataclass
class Inside:
    """Registry, endings, outboxes, wheel and deliverer, without a socket or a broker."""

    clock: Clock = field(default_factory=Clock)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    limit_bytes: int = 10_000
    soon: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wheel = Wheel(clock=self.clock)
        self.registry = Registry()
        self.departures = Departures(self.publisher)
        self.endings = Endings(self.registry, self.departures, wall_ms=self.clock.wall_ms)
        self.outboxes = Outboxes(limit_bytes=self.limit_bytes, soon=self.soon.append)
        self.deliverer = Deliverer(self.registry, self.endings, self.wheel)

    def connection(self, user: str = "alice", *, features: tuple[str, ...] = (), live: bool = True) -> Connection:
        """A registered connection with a FakeSocket, or one that is still opening."""
        connection_id, now = new_connection_id(EPOCH), self.clock()
        made = Connection(
            ref=ConnectionRef(connection_id=connection_id, gateway_id="gateway-1", epoch=EPOCH, features=features),
            identity=identity(user),
            source_ip="192.0.2.1",
            user_agent=None,
            connected_at_ms=self.clock.wall_ms(),
            life=Life(opened_s=now, active_s=now, heard_s=now, expires_s=None),
            outbox=Outbox(self.outboxes, connection_id),
            frames=Bucket(Rate(1000, 1000), now),
        )
        self.registry.add(made)
        if live:
            made.socket = FakeSocket()
            made.outbox.open(made.socket)
        return made

    def pass_s(self, seconds: float) -> None:
        """Time passes, and what is due happens."""
        self.clock.seconds += seconds
        self.wheel.turn()
        self.end_turn()

    def end_turn(self) -> None:
        """What was left for the end of the loop's turn happens."""
        while self.soon:
            self.soon.pop(0)()

    def frames(self, connection: Connection) -> list[Any]:
        """What was written to it."""
        self.end_turn()
        return socket_of(connection).frames


def socket_of(connection: Connection) -> FakeSocket:
    """The FakeSocket of a connection."""
    assert isinstance(connection.socket, FakeSocket)
    return connection.socket


def identity(user: str, *, issued_at: float | None = None, expires_at: float = 1_800_000_000.0) -> Identity:
    """Who a token speaks for."""
    return Identity(user_id=user, name=user, groups=(), issued_at=issued_at, expires_at=expires_at)
