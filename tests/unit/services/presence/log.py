"""Events of chat.connections at places of our choosing, and the world around one partition."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from chassis.health import Health
from chassis.publisher import Position
from chassis.records import Outgoing, Record
from contracts.connections import Connected, Disconnected, Retired
from contracts.envelope import Event, encode
from contracts.limits import CONNECTIONS_PER_USER
from contracts.presence import PresenceChanged
from contracts.topics import CONNECTIONS, PRESENCE
from services.presence.leases import Leases
from services.presence.partition import Partition
from services.presence.parts import Parts
from services.presence.received import Received, receive
from services.presence.settings import PresenceSettings
from services.presence.state import state_of
from tests.doubles.table import MemoryTable
from tests.waiting import eventually

TIME = "2025-07-30T18:30:00.000Z"
TIME_MS = 1_753_900_200_000
GATEWAY = "gateway-1"
EPOCH = "2fa4b0c1"
IDS = [f"L6SwwZdQ3MJR{number:03d}=" for number in range(200)]


def envelope() -> dict[str, Any]:
    return {"event_id": "e", "occurred_at": TIME}


def connected(user: str, number: int = 0, **changes: Any) -> Connected:
    fields: dict[str, Any] = {
        "connection_id": IDS[number],
        "user_id": user,
        "gateway_id": GATEWAY,
        "epoch": EPOCH,
        "connected_at": TIME,
        "source_ip": "203.0.113.7",
    }
    return Connected(**envelope(), **(fields | changes))


def disconnected(user: str, number: int = 0) -> Disconnected:
    return Disconnected(
        **envelope(), connection_id=IDS[number], user_id=user, gateway_id=GATEWAY, epoch=EPOCH, code=1000, reason=""
    )


def retired(user: str, number: int = 0) -> Retired:
    return Retired(**envelope(), connection_id=IDS[number], user_id=user, gateway_id=GATEWAY, epoch=EPOCH, cause="gone")


def record(event: Event | bytes | None, offset: int, key: str | None = None) -> Record:
    value = encode(event) if isinstance(event, Event) else event
    user = key if key is not None else getattr(event, "user_id", "alice")
    return Record(CONNECTIONS.name, 0, offset, TIME_MS + offset, user.encode(), value)


def at(offset: int, event: Event) -> Received:
    return receive(record(event, offset))


def settings(**changes: Any) -> PresenceSettings:
    return PresenceSettings(
        **({"kafka_bootstrap": "h:1", "offline_grace_s": 0.0, "retire_delay_s": 0.0} | changes)  # type: ignore[arg-type]
    )


async def _nothing(_step: str) -> None:
    return


class Kafka:
    """Keeps what is published; `before` and `after` are called around each call, as with MemoryTable."""

    def __init__(self) -> None:
        self.published: list[Outgoing] = []
        self.before: Callable[[str], Awaitable[None]] = _nothing
        self.after: Callable[[str], Awaitable[None]] = _nothing

    async def publish(self, messages: Sequence[Outgoing]) -> list[Position]:
        await self.before("publish")
        positions = []
        for message in messages:
            positions.append(Position(message.topic, 0, len(self.published), TIME_MS))
            self.published.append(message)
        await self.after("publish")
        return positions

    def of(self, topic: str) -> list[Outgoing]:
        return [message for message in self.published if message.topic == topic]

    def states(self) -> list[PresenceChanged]:
        return [event for _, event in self.presence()]

    def presence(self) -> list[tuple[int, PresenceChanged]]:
        found = []
        for offset, message in enumerate(self.published):
            if message.topic == PRESENCE.name:
                event = PRESENCE.decode(message.value)
                assert isinstance(event, PresenceChanged)
                found.append((offset, event))
        return found


class World:
    """One partition's table, topics and leases, and the workers that come and go."""

    def __init__(self, **changes: Any) -> None:
        self.table = MemoryTable()
        self.kafka = Kafka()
        self.leases = Leases(ticks_to_lapse=3)
        self.health = Health()
        self.health.started()
        self.time = 0.0
        self.settings = settings(connections_per_user=changes.pop("most", CONNECTIONS_PER_USER), **changes)
        self.workers: list[tuple[Partition, asyncio.Task[None]]] = []

    def worker(self) -> Partition:
        parts = Parts(
            settings=self.settings,
            table=self.table,
            publisher=self.kafka,  # type: ignore[arg-type]  # all of it that is used here
            health=self.health,
            ended=self.leases.ended,
            endings=lambda: self.leases.endings,
            monotonic=lambda: self.time,
            now=lambda: TIME,
        )

        async def caught_up() -> None:
            self.follow(made)

        made = Partition(0, parts, caught_up, lambda: None)
        self.workers.append((made, asyncio.create_task(made.run())))
        return made

    def follow(self, worker: Partition) -> None:
        """The worker reads all that stands on chat.presence."""
        for offset, event in self.kafka.presence():
            worker.users.observed(state_of(event), offset)
        worker.wake()

    async def done(self, worker: Partition, offset: int) -> None:
        """Wait until all below `offset` is done."""
        await eventually(lambda: (worker.done or 0) >= offset, every_s=0.001)

    async def end(self) -> None:
        for worker, task in self.workers:
            worker.close()
            task.cancel()
        await asyncio.gather(*(task for _, task in self.workers), return_exceptions=True)
