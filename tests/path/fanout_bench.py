"""Fan-out on the real engines, its neighbours absent: facts and chat.presence in Kafka in, bulk pushes out.

The gateways are HTTP servers of the test that speak contracts/connection_api.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from chassis.actions import Put
from chassis.health import Health
from chassis.items import item
from chassis.process import Stop
from chassis.publisher import Publisher
from chassis.records import Outgoing, outgoing
from chassis.table import Table
from chassis.table_schema import ensure_table
from chassis.topics import ensure_topics
from contracts import table as keys
from contracts.envelope import Event
from contracts.facts import MessagePosted, SubmissionRef
from contracts.gateways import LeaseRenewed
from contracts.ids import new_connection_id, new_event_id
from contracts.presence import OpenConnection, PresenceChanged
from contracts.rows import RoomRow
from contracts.timestamps import iso
from contracts.topics import GATEWAYS, PRESENCE, ROOMS, SIGNALS
from services.fanout.app import build
from services.fanout.settings import FanoutSettings
from tests.group_places import begin_at_the_end, ends_of, member_of
from tests.topic_records import topic_records
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines


from tests.path.fanout_gateway import Gateway, now_ms, unique


def envelope() -> dict[str, Any]:
    return {"event_id": new_event_id(), "occurred_at": iso(now_ms())}


@dataclass
class Room:
    """A room in the table, and the last position given to a fact of it."""

    room_id: str
    position: int = 0
    seq: int = 0


async def grows_old() -> None:
    """Return when what is here now is older than fan-out's margins of 5 s: real time, as only the broker has it."""
    until = now_ms() + 5_800
    await eventually(lambda: now_ms() > until)


class Bench:
    """Everything around fan-out."""

    def __init__(self, settings: FanoutSettings, publisher: Publisher) -> None:
        self.settings = settings
        self.publisher = publisher
        self.table = Table(settings)
        self.running: list[tuple[Stop, asyncio.Task[None]]] = []
        self.processes: list[asyncio.subprocess.Process] = []
        self.servers = contextlib.AsyncExitStack()
        self.people: defaultdict[str, list[OpenConnection]] = defaultdict(list)
        self.versions: defaultdict[str, int] = defaultdict(int)
        self.began_ms = now_ms() - 1

    async def gateway(self) -> Gateway:
        made, app = Gateway(), web.Application()
        app.router.add_post("/prod/@pushes", made.answer)
        server = await self.servers.enter_async_context(TestServer(app, host="127.0.0.1"))
        await self.renew(made, f"http://127.0.0.1:{server.port}/prod")
        return made

    async def renew(self, gateway: Gateway, address: str) -> None:
        lease = LeaseRenewed(**envelope(), gateway_id=gateway.gateway_id, epoch=gateway.epoch, address=address)
        await self.publish(outgoing(GATEWAYS, gateway.gateway_id, lease))

    async def room(self, *people: str) -> Room:
        room = Room(unique("room"))
        await self.stand(room, *people)
        return room

    async def stand(self, room: Room, *people: str) -> None:
        """The table has these people in the room, as of its last fact."""
        row = RoomRow(
            position=room.position,
            chat_room_id=room.room_id,
            name="Room",
            participant_ids=people,
            created_by=people[0],
            created_at=iso(now_ms()),
        )
        await self.table.write(Put(item(keys.room(room.room_id), row)))

    async def connect(self, person: str, gateway: Gateway, *features: str, since_ms: int | None = None) -> str:
        opened = OpenConnection(
            connection_id=new_connection_id(gateway.epoch),
            gateway_id=gateway.gateway_id,
            epoch=gateway.epoch,
            connected_at=iso(now_ms()),
            timestamp=since_ms or now_ms(),
            features=features,
        )
        self.people[person].append(opened)
        await self.announce(person)
        return opened.connection_id

    async def announce(self, person: str, status: str = "online") -> None:
        self.versions[person] += 1
        value = PresenceChanged(
            **envelope(),
            user_id=person,
            status=status,  # type: ignore[arg-type]  # one of the two
            last_seen_at=iso(now_ms()),
            presence_version=self.versions[person],
            position=self.versions[person],
            connections=tuple(self.people[person]),
        )
        await self.publish(outgoing(PRESENCE, person, value))

    def fact_fields(self, room: Room) -> dict[str, Any]:
        room.position += 1
        reference = SubmissionRef(partition=0, offset=room.position, event_id=new_event_id())
        return {**envelope(), "chat_room_id": room.room_id, "submission": reference}

    def message(self, room: Room, sender: str = "alice") -> MessagePosted:
        room.seq += 1
        return MessagePosted(
            **self.fact_fields(room),
            message_id=f"{room.room_id}-{room.seq}",
            sender_id=sender,
            content=f"text {room.seq}",
            created_at=iso(now_ms()),
            timestamp=now_ms(),
            seq=room.seq,
        )

    async def say(self, room: Room, times: int = 1) -> None:
        facts = [outgoing(ROOMS, room.room_id, self.message(room)) for _ in range(times)]
        await self.publish(*facts)

    async def tell(self, room: Room, event: Event) -> None:
        topic = SIGNALS if type(event) in SIGNALS.events else ROOMS
        await self.publish(outgoing(topic, room.room_id, event))

    async def publish(self, *messages: Outgoing) -> None:
        await self.publisher.publish(messages)

    # Workers

    async def start(self, *, ready: bool = True, **changes: Any) -> Health:
        """A worker in this process, once it takes work (unless it is not `ready` to)."""
        settings = self.settings.model_copy(update=changes)
        health, stop = Health(), Stop()
        health.started()
        self.running.append((stop, asyncio.create_task(build(settings, health).run(stop))))
        await eventually(lambda: not ready or self._ready(health), within_s=30)
        return health

    def _ready(self, health: Health) -> bool:
        for _, task in self.running:
            if task.done():
                task.result()
        return health.ready

    async def stop(self) -> None:
        for stop, _ in self.running:
            stop.ask()
        await asyncio.gather(*(task for _, task in self.running))
        self.running.clear()

    async def start_process(self) -> asyncio.subprocess.Process:
        """A worker of its own process, which can be killed; its name lets the next one take over at once."""
        settings = self.settings
        environment = {
            **os.environ,
            "KAIWA_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "KAIWA_DYNAMODB_ENDPOINT": settings.dynamodb_endpoint or "",
            "KAIWA_REGION": settings.region,
            "KAIWA_ACCESS_KEY_ID": settings.access_key_id or "",
            "KAIWA_SECRET_ACCESS_KEY": (settings.secret_access_key or SecretStr("")).get_secret_value(),
            "KAIWA_TABLE": settings.table,
            "KAIWA_FANOUT_GROUP": settings.fanout_group,
            "KAIWA_INSTANCE_ID": "killed",
            "KAIWA_CATCH_UP_WINDOW_S": str(settings.catch_up_window_s),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.fanout", env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        self.processes.append(process)
        return process

    async def works(self, gateway: Gateway) -> None:
        """Return when a message of another room has come through whoever works."""
        person = unique("before")
        room = await self.room(person)
        connection_id = await self.connect(person, gateway)
        await self.say(room)
        await eventually(lambda: gateway.seqs(connection_id), within_s=30)

    async def close(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                await process.wait()
        await self.stop()
        await self.servers.aclose()
        await self.table.close()

    # What Kafka says

    async def events(self, topic: str, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        found = []
        for message in await self.records(topic):
            with contextlib.suppress(ValueError, TypeError):
                found.append(json.loads(message.value))
        return [event for event in found if wanted(event)]

    async def records(self, topic: str) -> list[Any]:
        return await topic_records(self.settings.aiokafka(), topic, since_ms=self.began_ms)

    async def lag(self) -> int:
        """Records of chat.rooms that are not committed."""
        kafka = self.settings.aiokafka()
        ends = await ends_of(kafka, ROOMS.name)
        async with member_of(kafka, self.settings.fanout_group) as consumer:
            committed = [int(await consumer.committed(place) or 0) for place in ends]
        return sum(ends.values()) - sum(committed)


@contextlib.asynccontextmanager
async def bench_on(engines: "RunningEngines", window_s: float = 60.0) -> AsyncIterator[Bench]:
    settings = FanoutSettings(
        kafka_bootstrap=engines.kafka.bootstrap,
        dynamodb_endpoint=engines.dynamodb.endpoint,
        region=engines.dynamodb.region,
        access_key_id=engines.dynamodb.access_key_id,
        secret_access_key=engines.dynamodb.secret_access_key,
        table=unique("fanout"),
        fanout_group=unique("fanout"),
        catch_up_window_s=window_s,
    )
    await ensure_topics(settings)
    await asyncio.to_thread(ensure_table, settings)
    async with Publisher(settings, name="test") as publisher:
        bench = Bench(settings, publisher)
        await begin_at_the_end(settings.aiokafka(), settings.fanout_group, ROOMS.name, SIGNALS.name)
        try:
            yield bench
        finally:
            await bench.close()
