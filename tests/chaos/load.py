"""The steady load: so many messages a second over some tens of rooms, and people who join, leave, read, come and go."""

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import ClientError

from tests.chaos.client import Client, Crew
from tests.chaos.crowd import Crowd
from tests.chaos.journal import Acked, AnyEntry, Asked, Began, Journal, Received
from tests.chaos.until import until
from tests.people import Town
from tests.replay_town import known_person, known_room

GATEWAYS = ("gateway-1", "gateway-2")
MEMBERS = 4
FEATURES = "rooms,read"
KEYED = 0.85
"""How many messages carry a `clientMessageId`: only those are acknowledged."""


class JournalBook:
    """The journal of a run, with its clock."""

    def __init__(self, path: Path, seed: int) -> None:
        self._journal = Journal(path)
        self._zero = time.monotonic()
        self.delivered = 0
        self._acked: set[str] = set()
        self.newest_delivery = 0.0
        self.note(Began(at=0.0, seed=seed, clock=time.time()))

    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._zero

    def note(self, entry: AnyEntry) -> None:
        """Write it down."""
        if isinstance(entry, Received):
            self.delivered += 1
            self.newest_delivery = entry.at
        elif isinstance(entry, Acked):
            self._acked.add(entry.tag)
        self._journal.write(entry)

    @property
    def acked(self) -> int:
        """Messages that were acknowledged; one that was sent again counts once."""
        return len(self._acked)

    def flush(self) -> None:
        """See Journal."""
        self._journal.flush()

    def close(self) -> None:
        """See Journal."""
        self._journal.close()


class SteadyLoad:
    """Rooms, their people, and what they do."""

    def __init__(self, town: Town, book: JournalBook, dice: random.Random, *, rooms: int, rate: float) -> None:
        self.town, self.book, self.dice, self.rate = town, book, dice, rate
        self.crew = Crew(town, book, dice, GATEWAYS)
        self.members: dict[str, list[str]] = {}
        """Room to its people, as far as the load knows; the first never leaves."""
        self.clients: dict[str, Client] = {}
        self._count = rooms
        self._run = uuid.uuid4().hex[:6]
        self.crowd = Crowd(town, GATEWAYS, f"{self._run}-crowd")
        self._sent = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent: list[Client] = []
        self._is_on = False

    async def settle(self) -> None:
        """People, rooms and connections are there when it returns."""
        users = [f"{self._run}-u{number}" for number in range(self._count + MEMBERS)]
        await self._some_at_once([known_person(self.town, user) for user in users])
        groups = [users[number : number + MEMBERS] for number in range(self._count)]
        made = await self._some_at_once([known_room(self.town, *group) for group in groups])
        self.members = dict(zip(made, groups, strict=True))
        for number, user in enumerate(users):
            features = "" if number % 4 == 3 else FEATURES
            self.clients[user] = Client(self.crew, user, user, features)
            if number % 6 == 5:
                self.clients[f"{user}+"] = Client(self.crew, f"{user}+", user, FEATURES)
        for client in self.clients.values():
            client.start()
        await until(self._is_still, within_s=60)

    async def _some_at_once(self, work: list[Coroutine[Any, Any, str]]) -> list[str]:
        turns = asyncio.Semaphore(8)

        async def one(task: Coroutine[Any, Any, str]) -> str:
            async with turns:
                return await task

        return list(await asyncio.gather(*map(one, work)))

    # What goes on

    async def run(self) -> None:
        """Until it is cancelled or `quiet` is called. A client that cannot send is passed over."""
        self._is_on = True
        due = time.monotonic()
        while self._is_on:
            due = max(due + 1 / self.rate, time.monotonic() - 1.0)
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            self._something()

    def quiet(self) -> None:
        """No more messages."""
        self._is_on = False

    def _something(self) -> None:
        room = self.dice.choice(list(self.members))
        user = self.dice.choice(self.members[room])
        client = self._device(user)
        draw = self.dice.random()
        if draw < 0.92:
            keyed = self.dice.random() < KEYED or not client.features
            if client.can_say(room, keyed=keyed):
                self._sent += 1
                self._do(client.say(room, f"{self._run}-{self._sent}", keyed=keyed))
        elif draw < 0.985:
            self._do(client.read(room))
        elif draw < 0.9925:
            self._do(self._moves(room))
        elif draw < 0.996:
            self._do(client.leave(self.dice.uniform(0.0, 4.0)))
        elif draw < 0.998:
            client.cut()

    def _device(self, user: str) -> Client:
        other = self.clients.get(f"{user}+")
        return other if other is not None and self.dice.random() < 0.5 else self.clients[user]

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) > 2_000:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _moves(self, room: str) -> None:
        """Somebody leaves the room and comes in again; or somebody new comes in, or goes."""
        owner, *others = self.members[room]
        user = self.dice.choice(others)
        if not await self._asks(user, "DELETE", room, user):
            return
        await asyncio.sleep(self.dice.uniform(0.5, 3.0))
        await until(partial(self._asks, owner, "PUT", room, user), within_s=120, every_s=2.0)

    async def _asks(self, who: str, method: str, room: str, user: str) -> bool:
        status = 0
        with contextlib.suppress(ClientError, TimeoutError, OSError):
            status, _ = await self.town.call(who, method, f"/api/rooms/{room}/participants/{user}")
        self.book.note(Asked(at=self.book.now(), user=who, what=f"{method} {user}", room=room, status=status))
        return 200 <= status < 300

    # The end

    async def drained(self, within_s: float) -> bool:
        """Wait until everybody is connected and whole, all is acknowledged, and a last word has come to all rooms."""
        if not await until(self._is_still, within_s=within_s / 2):
            return False
        words = {room: f"{self._run}-last-{number}" for number, room in enumerate(self.members)}
        for room, tag in words.items():
            client = self.clients[self.members[room][0]]
            await client.say(room, tag, keyed=True)
        await asyncio.sleep(1.0)
        return await until(self._is_silent, within_s=within_s / 2)

    def _is_silent(self) -> bool:
        return self._is_still() and self.book.now() - self.book.newest_delivery > 3.0

    def _is_still(self) -> bool:
        return not self._tasks and all(client.is_quiet for client in self.clients.values())

    async def close(self) -> None:
        """Everybody goes."""
        for task in list(self._tasks):
            task.cancel()
        await self.crowd.disperse()
        await asyncio.gather(*(client.stop() for client in self.clients.values()), return_exceptions=True)

    # What faults do with clients

    def _some(self, count: int) -> list[Client]:
        there = [one for one in self.clients.values() if one.line is not None and one.line.is_open]
        return self.dice.sample(there, min(count, len(there)))

    def vanish(self, count: int) -> int:
        """See faults.fault.Load."""
        some = self._some(count)
        for client in some:
            client.cut()
        return len(some)

    def stop_reading(self, count: int) -> int:
        """See faults.fault.Load."""
        self._silent = self._some(count)
        for client in self._silent:
            if client.line is not None:
                client.line.pause()
        return len(self._silent)

    def read_again(self) -> None:
        """See faults.fault.Load."""
        for client in self._silent:
            if client.line is not None:
                client.line.resume()
        self._silent = []

    def all_at_once(self) -> int:
        """See faults.fault.Load."""
        some = self._some(len(self.clients))
        for client in some:
            client.in_haste = True
            client.cut()
        return len(some)
