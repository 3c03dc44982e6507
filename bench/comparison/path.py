"""Kaiwa as a whole, on a real cluster: a message in at a gateway, through Kafka and the table, out to a room."""

import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.comparison.target import Saturation
from bench.guests import House
from bench.load.generator import Batch, Generator, Talk, running
from bench.load.outcome import Connected
from bench.load.prepared import frame, handshake, payload
from bench.peers import made

NAME = "Kaiwa, the whole path"
OURS, ENGINES = ("gateway-1", "persistence", "fanout"), ("kafka", "dynamodb")


@dataclass(frozen=True, slots=True)
class Room:
    """A room, and its people in the order of their connections."""

    name: str
    people: tuple[str, ...]


class RunningPath:
    """See Target. Connection n is of person n, and belongs to the rooms n modulo their number.

    With more rooms than connections each person is alone in several.
    """

    name = NAME
    saturations = (Saturation(16),)
    http_port = 0
    at_once = 20
    rates: tuple[float, ...] = ()

    def __init__(self, house: House, generator: Generator, rooms: tuple[Room, ...]) -> None:
        self.generator = generator
        processes = house.described["processes"]
        self.pids: Mapping[str, int] = {name: processes[name]["pid"] for name in OURS}
        self.beside: Mapping[str, int] = {name: processes[name]["pid"] for name in ENGINES}
        self.most_recipients = sum(len(room.people) for room in rooms)
        self._rooms = rooms
        self._connections = 0

    async def grow(self, to: int) -> Connected:
        more, self._connections = to - self._connections, to
        return await self.generator.connect(more, at_once=self.at_once)

    async def drop(self) -> None:
        """Reset all connections."""
        await self.generator.drop()
        self._connections = 0

    def batch(self, run: int, requests: int, *, pipes: int, bundle: int) -> Batch:  # noqa: ARG002
        frames = tuple(self._frame(run, number) for number in range(requests))
        return Batch(run, frames, groups=min(len(self._rooms), self._connections))

    def _frame(self, run: int, number: int) -> bytes:
        room = self._rooms[number % len(self._rooms)].name
        return frame(json.dumps({"action": "sendMessage", "chatRoomId": room, "content": payload(run, number)}))


@asynccontextmanager
async def connected(house: House, rooms: int, people: int) -> AsyncIterator[RunningPath]:
    """So many new rooms of so many people each, and a load generator that is to connect all of them to one gateway."""
    made_rooms = [await _room(house, number, rooms, people) for number in range(rooms)]
    users = [made_rooms[each % rooms].people[each // rooms] for each in range(rooms * people)]
    async with entered(house, made_rooms, users) as target:
        yield target


@asynccontextmanager
async def entered(house: House, rooms: Sequence[Room], users: Sequence[str]) -> AsyncIterator[RunningPath]:
    """A load generator that is to connect these people of these rooms, in this order, to one gateway."""
    program = made.generator()
    url = urlsplit(house.described["processes"]["gateway-1"]["websocketUrl"])
    assert url.port is not None
    heads = [
        handshake(f"{url.path}?{urlencode({'token': await house.token(user)})}", number)
        for number, user in enumerate(users)
    ]
    with tempfile.TemporaryDirectory(prefix="kaiwa-bench-") as folder:
        async with running(program, Path(folder)) as generator:
            await generator.begin(url.port, heads, Talk())
            yield RunningPath(house, generator, tuple(rooms))


async def _room(house: House, number: int, rooms: int, people: int) -> Room:
    # Others at each size: who comes back within a minute is also sent what was said before.
    names = tuple(f"path-{rooms}x{people}-{number}-{person}" for person in range(people))
    return Room(await house.room(names), names)
