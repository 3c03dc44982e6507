"""A run that never was: people, a log and a table with the services' real rules, and a journal as clients write it."""

import random
from collections import defaultdict

from contracts.facts import MessagePosted, MessageRejected
from contracts.ids import message_id
from contracts.topics import ROOMS, TOPICS
from tests.chaos.journal import (
    Acked,
    AnyEntry,
    Began,
    Closed,
    Drained,
    Ended,
    Fetched,
    Opened,
    Received,
    Refused,
    Sent,
)
from tests.chaos.oracle.evidence import Evidence
from tests.chaos.oracle.remains import AGENT
from tests.chaos.oracle.rooms import Room, fact_of, place_of, tag_of
from tests.doubles.rooms import add, read, remove, send
from tests.doubles.world import World

PEOPLE = ("ann", "bob", "cat", "dan")


class History:
    """`await History.played(seed)`, then `evidence()`: nothing in it is wrong."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.world = World()
        self.clock = self.world.log.now_ms / 1000
        self.journal: list[AnyEntry] = [Began(at=0.0, seed=seed, clock=self.clock)]
        self.rooms: list[str] = []
        self.open: dict[str, tuple[int, str]] = {}
        """User to the run's number of the connection and its id."""
        self.numbers = 0
        self._rooms: dict[str, Room] = defaultdict(Room)
        self._told: set[str] = set()

    @classmethod
    async def played(cls, seed: int, steps: int = 60) -> "History":
        """A history of so many steps after everybody has come and said something everywhere."""
        made = cls(seed)
        made.rooms = await made.world.settle(*PEOPLE, rooms=2)
        for user in PEOPLE:
            await made.comes(user)
        for user in PEOPLE:
            for room in made.rooms:
                await made.says(user, room, keyed=made.dice.random() < 0.6)
        for _ in range(steps):
            await made.step()
        for user in PEOPLE:
            await made.comes(user)
        for room in made.rooms:
            await made.world.ask(add(PEOPLE[0], *PEOPLE, room=room))
            for user in PEOPLE:
                await made.says(user, room, keyed=True)
        made.write(Drained(at=made.now, complete=True))
        made.write(Ended(at=made.now))
        return made

    @property
    def now(self) -> float:
        """The journal's time."""
        return self.world.log.now_ms / 1000 - self.clock

    def write(self, entry: AnyEntry) -> None:
        self.journal.append(entry)

    async def step(self) -> None:
        """Something happens. The first of the people never leaves a room, and lets the others in again."""
        user, room = self.dice.choice(PEOPLE), self.dice.choice(self.rooms)
        match self.dice.randrange(10):
            case 0:
                await self.comes(user)
            case 1:
                await self.goes(user)
            case 2 if user != PEOPLE[0]:
                await self.world.ask(remove(user, user, room=room))
            case 3:
                await self.world.ask(add(PEOPLE[0], *PEOPLE, room=room))
            case 4:
                await self.world.ask(read(user, self.dice.randrange(9), room=room))
            case _:
                await self.says(user, room, keyed=self.dice.random() < 0.6)

    async def comes(self, user: str) -> None:
        """A connection; whoever was there before has read what they missed."""
        if user in self.open:
            return
        self.numbers += 1
        is_back = self.numbers > len(PEOPLE)
        self.open[user] = (self.numbers, await self.world.connect(user, agent=f"{AGENT}{self.numbers}"))
        self.write(Opened(at=self.now, connection=self.numbers, client=user, user=user, gateway="gateway-1"))
        if is_back:
            for room in self.rooms:
                held = tuple((fact.seq, fact.message_id) for fact in self.world.posted(room))
                self.write(Fetched(at=self.now, client=user, connection=self.numbers, room=room, messages=held))

    async def goes(self, user: str) -> None:
        if user in self.open:
            number, connection_id = self.open.pop(user)
            self.write(Closed(at=self.now, connection=number, code=1000, own=True))
            await self.world.disconnect(user, connection_id)

    async def says(self, user: str, room: str, *, keyed: bool) -> None:
        """A message, its answer, and its delivery to everybody who is there."""
        if user not in self.open:
            return
        number, _ = self.open[user]
        tag = f"t{self.dice.getrandbits(48):012x}"
        self.write(Sent(at=self.now, connection=number, room=room, tag=tag, keyed=keyed))
        await self.world.ask(send(user, f"{tag} and more", room=room, key=tag if keyed else None))
        if keyed:
            message = message_id(user, room, client_message_id=tag, event_id="")
            self.write(Acked(at=self.now, connection=number, tag=tag, message=message))
        self._tell(number, tag)

    def _tell(self, sender: int, tag: str) -> None:
        for record in self.world.log.records_of(ROOMS.name):
            fact = fact_of(record)
            if fact is None or fact.event_id in self._told:
                continue
            self._told.add(fact.event_id)
            room = self._rooms[fact.chat_room_id]
            room.take(fact, place_of(record), record.timestamp / 1000)
            if isinstance(fact, MessageRejected):
                self.write(Refused(at=self.now, connection=sender, code=fact.code, tag=tag))
            elif isinstance(fact, MessagePosted):
                self._deliver(fact, room)

    def _deliver(self, fact: MessagePosted, room: Room) -> None:
        for user in sorted(room.people & self.open.keys()):
            self.write(
                Received(
                    at=self.now,
                    connection=self.open[user][0],
                    room=fact.chat_room_id,
                    seq=fact.seq,
                    message=fact.message_id,
                    tag=tag_of(fact.content),
                )
            )

    def evidence(self) -> Evidence:
        records = [record for topic in TOPICS for record in self.world.log.records_of(topic.name)]
        return Evidence(tuple(self.journal), tuple(records), dict(self.world.table.items))
