"""The process `persistence` on the real engines, its neighbours absent: topics in, rows and facts out."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from chassis.health import Health
from chassis.items import row
from chassis.log_id import ensure_log_id, log_id
from chassis.process import Stop
from chassis.publisher import Position, Publisher
from chassis.records import Headers, Outgoing, from_aiokafka
from chassis.table import Table
from chassis.table_schema import ensure_table
from chassis.topic_ids import topic_ids
from chassis.topics import ensure_topics
from contracts import table
from contracts.envelope import Event, encode
from contracts.facts import Fact
from contracts.rows import FenceRow, MessageRow, OutcomeRow
from contracts.topics import DEAD_LETTERS, ROOMS, SUBMISSIONS, USERS
from contracts.users import ProfileUpdated
from services.persistence.app import Persistence
from services.persistence.settings import PersistenceSettings
from tests.doubles.rooms import create, profile
from tests.group_places import begin_at_the_end
from tests.topic_records import topic_records
from tests.waiting import eventually

if TYPE_CHECKING:
    from chassis.records import Record
    from tests.conftest import RunningEngines


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


class Bench:
    """A table of its own, a publisher, and processes that are stopped at the end."""

    def __init__(self, settings: PersistenceSettings, publisher: Publisher) -> None:
        self.settings = settings
        self.publisher = publisher
        self.table = Table(settings)
        self.began_ms = int(time.time() * 1000) - 1
        self.running: list[tuple[Stop, asyncio.Task[None]]] = []

    def start(self, *, table: Any = None, **changes: Any) -> Health:
        """One process in this one; `table` takes the real one's place."""
        settings = self.settings.model_copy(update=changes)
        health, stop = Health(), Stop()
        health.started()
        process = Persistence(settings, health, table or Table(settings))
        self.running.append((stop, asyncio.create_task(process.run(stop))))
        return health

    async def stop(self) -> None:
        """End all in good order."""
        for stop, _ in self.running:
            stop.ask()
        await asyncio.gather(*(task for _, task in self.running))
        self.running.clear()

    async def kill(self) -> None:
        """End all wherever they are."""
        for _, task in self.running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.running.clear()

    async def publish(
        self, *asked: Event | bytes | None, key: str | None = None, headers: Headers = ()
    ) -> list[Position]:
        """Into the topic where it belongs (bytes: into chat.submissions)."""
        return await self.publisher.publish([_message(one, key, headers) for one in asked])

    async def room(self, *people: str) -> str:
        """A room of approved people, asked for."""
        name = unique("room")
        await self.publish(*[profile(person, "approved", person) for person in people])
        # The room follows when the profiles are there: they come from another topic.
        await eventually(lambda: self._has_profiles(people), within_s=30)
        await self.publish(create(*people, room=name))
        return name

    async def _has_profiles(self, people: Sequence[str]) -> bool:
        return len(await self.table.batch_get([table.profile(person) for person in people])) == len(set(people))

    async def fence(self, room: str) -> FenceRow | None:
        stored = await self.table.get(table.fence(room))
        return row(FenceRow, stored) if stored else None

    async def messages(self, room: str) -> list[MessageRow]:
        found = await self.table.query(table.room_pk(room), begins_with="MESSAGE#")
        return [row(MessageRow, stored) for stored in found]

    async def has_messages(self, room: str, count: int) -> bool:
        return len(await self.messages(room)) >= count

    async def records(self, topic: str) -> list[Record]:
        """All that was written to the topic since this bench began."""
        found = await topic_records(self.settings.aiokafka(), topic, since_ms=self.began_ms)
        return [from_aiokafka(message) for message in found]

    async def facts(self, room: str) -> list[Fact]:
        """Of the room, in the order of the log, as often as they stand there."""
        found = [ROOMS.decode(record.value) for record in await self.records(ROOMS.name) if record.key == room.encode()]
        return [fact for fact in found if isinstance(fact, Fact)]

    async def has_facts(self, room: str, count: int) -> bool:
        return len({fact.event_id for fact in await self.facts(room)}) >= count

    async def has_outcome(self, event_id: str, code: str) -> bool:
        stored = await self.table.get(table.outcome(event_id))
        return stored is not None and row(OutcomeRow, stored).code == code

    async def dead_letters(self, place: Position) -> list[Record]:
        """Those of one record."""
        wanted = tuple(str(part).encode() for part in (place.topic, place.partition, place.offset))
        found = await self.records(DEAD_LETTERS.name)
        return [r for r in found if tuple(r.header(f"kaiwa-{n}") for n in ("topic", "partition", "offset")) == wanted]


@asynccontextmanager
async def persistence_on(engines: RunningEngines) -> AsyncIterator[Bench]:
    """Topics, a new table and a new group that begins where the topics end; nothing runs yet."""
    settings = PersistenceSettings(
        kafka_bootstrap=engines.kafka.bootstrap,
        table=unique("t"),
        persistence_group=unique("persistence"),
        dynamodb_endpoint=engines.dynamodb.endpoint,
        region=engines.dynamodb.region,
        access_key_id=engines.dynamodb.access_key_id,
        secret_access_key=engines.dynamodb.secret_access_key,
        checkpoint_interval_s=0.5,
    )
    await ensure_topics(settings)
    await asyncio.to_thread(ensure_table, settings)
    await asyncio.to_thread(ensure_log_id, settings, log_id(await topic_ids(settings)))
    await begin_at_the_end(settings.aiokafka(), settings.persistence_group, SUBMISSIONS.name, USERS.name)
    async with Publisher(settings, name="test") as publisher:
        bench = Bench(settings, publisher)
        try:
            yield bench
        finally:
            await bench.kill()
            await bench.table.close()


def _message(asked: Event | bytes | None, key: str | None, headers: Headers) -> Outgoing:
    topic = USERS.name if isinstance(asked, ProfileUpdated) else SUBMISSIONS.name
    own: str = getattr(asked, "user_id" if isinstance(asked, ProfileUpdated) else "chat_room_id", "room")
    value = encode(asked) if isinstance(asked, Event) else asked
    return Outgoing(topic, own if key is None else key, value, headers)
