"""A run loop whose consumer does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from chassis import runloop
from chassis.health import Health
from chassis.records import Outgoing
from chassis.runloop import RunLoop
from chassis.settings import KafkaSettings

HOT, COLD = TopicPartition("t", 0), TopicPartition("t", 1)
SETTINGS = KafkaSettings(kafka_bootstrap="127.0.0.1:1")
STEP = 20


class Consumer:
    """Gives `STEP` records of each partition that is not paused at each poll."""

    def __init__(self, *assigned: TopicPartition) -> None:
        self.given = set(assigned)
        self.stopped: set[TopicPartition] = set()
        self.next: dict[TopicPartition, int] = {}
        self.ends: dict[TopicPartition, int] = {}
        self.committed_at: dict[TopicPartition, int] = {}
        self.away = 0
        """How many questions are to end in a time-out."""
        self.starting: Callable[[], Awaitable[None]] | None = None
        self.listener: Any = None
        self._fetcher = self._client = SimpleNamespace(close=self.stop)

    def subscribe(self, _topics: Sequence[str], *, listener: Any) -> None:
        self.listener = listener

    async def start(self) -> None:
        if self.starting is not None:
            await self.starting()
        await self.listener.on_partitions_assigned(self.given)

    async def move(self, *assigned: TopicPartition) -> None:
        """A rebalance."""
        await self.listener.on_partitions_revoked(self.given)
        self.given = set(assigned)
        await self.listener.on_partitions_assigned(self.given)

    def assignment(self) -> set[TopicPartition]:
        return self.given

    def paused(self) -> set[TopicPartition]:
        return set(self.stopped)

    def pause(self, *places: TopicPartition) -> None:
        self.stopped |= set(places)

    def resume(self, *places: TopicPartition) -> None:
        self.stopped -= set(places)

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.next[place] = offset

    async def beginning_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        if self.away:
            self.away -= 1
            raise KafkaTimeoutError
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def committed(self, place: TopicPartition) -> int | None:
        return self.committed_at.get(place)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed_at.update(offsets)

    async def stop(self) -> None:
        return

    async def close(self) -> None:
        return

    async def getmany(self, **_: Any) -> dict[TopicPartition, list[Any]]:
        await asyncio.sleep(0.005)
        found = {}
        for place in self.given - self.stopped:
            begin = self.next.get(place, 0)
            end = min(begin + STEP, self.ends.get(place, 10**9))
            found[place] = [_message(place, offset) for offset in range(begin, end)]
            self.next[place] = end
        return found


def _message(place: TopicPartition, offset: int) -> Any:
    return SimpleNamespace(
        topic=place.topic,
        partition=place.partition,
        offset=offset,
        timestamp=0,
        key=b"hot" if place == HOT else b"cold",
        value=b"x",
        headers=(),
    )


class Publisher:
    async def publish(self, _messages: Sequence[Outgoing]) -> list[Any]:
        return []


@asynccontextmanager
async def looping(consumer: Consumer, handler: Any, **options: Any) -> AsyncIterator[tuple[RunLoop, Health]]:
    health = Health()
    health.started()
    loop = RunLoop(
        name="loop",
        settings=SETTINGS,
        group="g",
        topics=["t"],
        handler=handler,
        publisher=Publisher(),  # type: ignore[arg-type]
        health=health,
        **options,
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runloop, "group_consumer", lambda *_: consumer)
        running = asyncio.create_task(loop.run())
        try:
            yield loop, health
        finally:
            loop.stop()
            async with asyncio.timeout(20):
                await running
