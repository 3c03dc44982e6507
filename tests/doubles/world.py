"""A whole backend in memory for replay's tests: a log, a table, and the services' own handlers between them.

Persistence and presence write with their real rules; only brokers, engines and sockets are left out. A fact reaches the
log after its transaction, some steps later if the test wants: `held_back`.
"""

import random
from typing import Any

from msgspec import UNSET, UnsetType

from chassis.actions import Put
from chassis.items import item
from chassis.records import Headers, Outgoing, Record
from contracts import table
from contracts.connections import Connected, Disconnected, Retired
from contracts.deliveries import DeliveredMessage, Pushed
from contracts.envelope import Event, encode
from contracts.facts import MessagePosted
from contracts.gateways import LeaseRenewed, Stopped
from contracts.ids import new_connection_id
from contracts.rows import CheckpointRow
from contracts.submissions import Submission
from contracts.timestamps import iso
from contracts.topics import CONNECTIONS, DELIVERIES, GATEWAYS, ROOMS, SUBMISSIONS, TOPICS, USERS
from contracts.users import ProfileUpdated
from replay.log import Log
from services.persistence.cache import RoomCache
from services.persistence.case import Rules
from services.persistence.profiles import ProfileHandler
from services.persistence.rooms import RoomHandler
from services.persistence.store import RoomStore
from services.presence.received import receive
from services.presence.records import actions_of
from tests.doubles.log import MemoryLog
from tests.doubles.rooms import add, create, event, profile, read, remove, send
from tests.doubles.table import MemoryTable

EPOCH = "0a0b0c0d"


class World:
    def __init__(self) -> None:
        self.log = MemoryLog()
        self.table = MemoryTable()
        self.persistence = RoomHandler(RoomStore(self.table, RoomCache(10_000)), Rules())
        self._profiles = ProfileHandler(self.table)
        self.held_back: list[Outgoing] = []
        self.open: dict[str, list[str]] = {}

    async def opened(self) -> Log:
        """The log as replay sees it now."""
        return await Log.over(self.log, *TOPICS)

    # What people do

    async def ask(self, asked: Submission, headers: Headers = ()) -> Record:
        """A submission, decided at once; its fact is in the log at once."""
        record = await self.decide_only(asked, headers)
        self.emit()
        return record

    async def decide_only(self, asked: Submission, headers: Headers = ()) -> Record:
        """A submission whose transaction is done and whose fact is not in the log yet."""
        self.emit(asked.chat_room_id)
        record = self.log.append(SUBMISSIONS.name, asked.chat_room_id, encode(asked), headers)
        self.held_back += (await self.persistence.handle([record])).publish
        return record

    def emit(self, room: str | None = None) -> None:
        """Facts reach the log: all, or those of one room, which come before its next transaction."""
        for message in [one for one in self.held_back if room is None or one.key == room]:
            self.held_back.remove(message)
            self.log.take(message)

    async def name(self, update: ProfileUpdated) -> Record:
        record = self.log.append(USERS.name, update.user_id, encode(update))
        await self._profiles.handle([record])
        await self.note(record)
        return record

    async def connect(
        self, user: str, gateway: str = "gateway-1", epoch: str = EPOCH, *, agent: str | UnsetType = UNSET
    ) -> str:
        connection_id = new_connection_id(epoch)
        fields: dict[str, Any] = {"connection_id": connection_id, "user_id": user, "gateway_id": gateway}
        fields |= {"epoch": epoch, "user_agent": agent}
        made = Connected(**event(), **fields, connected_at=iso(self.log.now_ms), source_ip="10.0.0.7")
        await self._presence(user, made)
        self.open.setdefault(user, []).append(connection_id)
        return connection_id

    async def disconnect(self, user: str, connection_id: str, epoch: str = EPOCH) -> None:
        fields = {"connection_id": connection_id, "user_id": user, "gateway_id": "gateway-1", "epoch": epoch}
        await self._presence(user, Disconnected(**event(), **fields, code=1000, reason=""))  # type: ignore[arg-type]
        self.open[user].remove(connection_id)

    async def retire(self, user: str, connection_id: str) -> None:
        fields = {"connection_id": connection_id, "user_id": user, "gateway_id": "gateway-1", "epoch": EPOCH}
        await self._presence(user, Retired(**event(), **fields, cause="gone"))  # type: ignore[arg-type]

    async def _presence(self, user: str, made: Event) -> None:
        record = self.log.append(CONNECTIONS.name, user, encode(made))
        actions = actions_of([receive(record)])
        for action in actions:
            await self.table.write(action)
        await self.note(record)

    async def note(self, record: Record) -> None:
        """The checkpoint of a partition, behind the record."""
        key = table.checkpoint(record.topic, record.partition)
        await self.table.write(Put(item(key, CheckpointRow(position=record.offset + 1))))

    def push(self, fact: MessagePosted, *, count: int, gateway: str = "gateway-1", **missed: Any) -> Record:
        """What fan-out tells of a push."""
        made = Pushed(
            **event(),
            chat_room_id=fact.chat_room_id,
            gateway_id=gateway,
            epoch=EPOCH,
            messages=(DeliveredMessage(message_id=fact.message_id, connections=count),),
            **missed,
        )
        return self.log.append(DELIVERIES.name, fact.chat_room_id, encode(made))

    def lease(self, gateway: str = "gateway-1", epoch: str = EPOCH) -> None:
        made = LeaseRenewed(**event(), gateway_id=gateway, epoch=epoch, address="http://127.0.0.1:1/prod")
        self.log.append(GATEWAYS.name, gateway, encode(made))

    def stop(self, gateway: str = "gateway-1", epoch: str = EPOCH) -> None:
        self.log.append(GATEWAYS.name, gateway, encode(Stopped(**event(), gateway_id=gateway, epoch=epoch)))

    def posted(self, room: str) -> list[MessagePosted]:
        """The messages of a room."""
        key = room.encode()
        facts = [ROOMS.decode(one.value) for one in self.log.records_of(ROOMS.name) if one.key == key]
        return [fact for fact in facts if isinstance(fact, MessagePosted)]

    # A town to begin with, and what goes on in it

    async def settle(self, *people: str, rooms: int = 3) -> list[str]:
        """People with profiles, and rooms with all of them in it."""
        for person in people:
            await self.name(profile(person, "approved", person.title()))
        names = [f"room-{number}" for number in range(rooms)]
        for room in names:
            await self.ask(create(people[0], *people[1:], room=room))
        return names

    async def step(self, dice: random.Random, rooms: list[str], people: list[str]) -> None:
        """Something happens: somebody writes, reads, comes, goes; or a fact reaches the log."""
        room, who = dice.choice(rooms), dice.choice(people)
        match dice.randrange(12):
            case 0:
                self.emit(dice.choice(rooms))
            case 1:
                await self.decide_only(read(who, dice.randrange(50), room=room))
            case 2:
                await self.decide_only(remove(who, dice.choice(people), room=room))
            case 3:
                await self.decide_only(add(people[0], *people, room=room, by_admin=True))
            case 4:
                await self.name(profile(who, name=f"{who} {dice.randrange(9)}"))
            case 5:
                await self.connect(who)
            case 6 if self.open.get(who):
                await self.disconnect(who, dice.choice(self.open[who]))
            case 7:
                await self.decide_only(send(who, "again", room=room, key="the-same"))
            case _:
                await self.decide_only(send(who, f"message {dice.random()}", room=room))
