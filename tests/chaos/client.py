"""A person's device: it comes back, fetches what it missed, and sends again what was not acknowledged."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.chaos.connection import Book, Frame, Line
from tests.chaos.journal import Fetched, Opened
from tests.chaos.oracle.remains import AGENT
from tests.people import Town

AGAIN_S = 6.0
"""A message that is not acknowledged for so long is sent again under its key."""
MOST_PENDING = 20
_DONE = frozenset({"NOT_A_PARTICIPANT", "INVALID_MESSAGE", "VERIFICATION_REQUIRED", "INTERNAL"})
_BROKEN = (OSError, WebSocketException, TimeoutError, ClientError)


@dataclass(slots=True)
class Pending:
    """A message with a key that was not acknowledged yet."""

    room: str
    sent_at: float


@dataclass(slots=True)
class Mark:
    """How far a client's copy of a room is whole."""

    timestamp: int = 0
    live: int = 0
    """The newest that came on this connection."""
    is_whole: bool = False


@dataclass(slots=True)
class Crew:
    """What all clients of a run share."""

    town: Town
    book: Book
    dice: random.Random
    gateways: Sequence[str]
    numbers: int = 0
    lines: dict[str, Line] = field(default_factory=dict)

    def number(self) -> int:
        """The run's number of the next connection."""
        self.numbers += 1
        return self.numbers


class Client:
    """`start`, then `say` whenever it `can_say`."""

    def __init__(self, crew: Crew, name: str, user: str, features: str) -> None:
        self.name, self.user, self.features = name, user, features
        self.marks: dict[str, Mark] = {}
        self.pending: dict[str, Pending] = {}
        self.again: dict[str, str] = {}
        """Tag to room of messages without a key whose fate is unknown: to be sent again."""
        self.line: Line | None = None
        self.is_whole = False
        self.in_haste = False
        self._away_until = 0.0
        self._crew = crew
        self._tasks: list[asyncio.Task[None]] = []
        self._fetching: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Connect, and go on."""
        self._tasks = [asyncio.create_task(self._live()), asyncio.create_task(self._insist())]

    async def stop(self) -> None:
        """Close for good."""
        self._stopped = True
        if self.line is not None:
            await self.line.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def is_quiet(self) -> bool:
        """Whether it is connected, has fetched what it missed, and waits for no answer."""
        return self.line is not None and self.line.is_open and self.is_whole and not self.pending and not self.again

    def can_say(self, room: str, *, keyed: bool) -> bool:
        """Whether it would send now."""
        if self.line is None or not self.line.is_open or len(self.pending) >= MOST_PENDING:
            return False
        return keyed or (bool(self.features) and room not in self.line.unkeyed)

    async def say(self, room: str, tag: str, *, keyed: bool) -> None:
        """One message."""
        if self.line is not None:
            if keyed:
                self.pending[tag] = Pending(room, time.monotonic())
            await self.line.say(room, tag, keyed=keyed)

    async def read(self, room: str) -> None:
        """Mark all as read."""
        if self.line is not None:
            await self.line.send(action="markRead", chatRoomId=room, seq=1_000_000)

    async def leave(self, away_s: float) -> None:
        """Close, and come back some time later."""
        self._away_until = time.monotonic() + away_s
        if self.line is not None:
            await self.line.close()

    # Its life

    async def _live(self) -> None:
        tries = 0
        while not self._stopped:
            if (wait := self._away_until - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            try:
                await self._connected()
                tries = 0
            except _BROKEN:
                tries += 1
            if self.in_haste:
                self.in_haste = False
            elif not self._stopped:
                await asyncio.sleep(min(5.0, 0.3 * 2**tries) * self._crew.dice.uniform(0.5, 1.0))

    async def _connected(self) -> None:
        """One connection from its beginning to its end."""
        crew, number = self._crew, self._crew.number()
        gateway = crew.gateways[number % len(crew.gateways)]
        base = crew.town.described()["processes"][gateway]["websocketUrl"]
        query = {"token": await crew.town.token(self.user)} | ({"features": self.features} if self.features else {})
        socket = await connect(
            f"{base}?{urlencode(query)}",
            compression=None,
            open_timeout=15,
            ping_interval=15,
            ping_timeout=20,
            close_timeout=3,
            user_agent_header=f"{AGENT}{number}",
        )
        crew.book.note(Opened(at=crew.book.now(), connection=number, client=self.name, user=self.user, gateway=gateway))
        for mark in self.marks.values():
            mark.is_whole, mark.live = False, 0
        self.is_whole = False
        self.line = line = Line(number, socket, crew.book, self._hear)
        for tag, one in list(self.pending.items()):
            # In the moment of the 101: fan-out cannot know the connection yet.
            one.sent_at = time.monotonic()
            await line.say(one.room, tag, keyed=True)
        self._fetching = asyncio.create_task(self._catch_up(line))
        try:
            await line.over.wait()
        finally:
            if self._fetching is not None:
                self._fetching.cancel()
                await asyncio.gather(self._fetching, return_exceptions=True)

    async def _insist(self) -> None:
        """Send again what was not acknowledged."""
        while True:
            await asyncio.sleep(0.5)
            line = self.line
            if line is None or not line.is_open:
                continue
            for tag, one in list(self.pending.items()):
                if time.monotonic() - one.sent_at > AGAIN_S and tag in self.pending:
                    one.sent_at = time.monotonic()
                    await line.say(one.room, tag, keyed=True)
            for tag, room in list(self.again.items()):
                if room not in line.unkeyed:
                    del self.again[tag]
                    await line.say(room, tag, keyed=False)

    def _hear(self, line: Line, frame: Frame) -> None:
        match frame["type"]:
            case "MESSAGE":
                self._heard(frame["chatRoomId"], frame["timestamp"])
            case "ACK":
                self.pending.pop(frame["clientMessageId"], None)
            case "ERROR" | "VERIFICATION_REQUIRED":
                self._refused(line, frame)
            case "ROOM" if frame["change"] == "removed" and self.user in frame["userIds"]:
                self._left(frame["chatRoomId"])

    def _left(self, room: str) -> None:
        # Who comes in again fetches what they missed before they were removed.
        if room in self.marks:
            self.marks[room].is_whole = False

    def _heard(self, room: str, timestamp: int) -> None:
        mark = self.marks.setdefault(room, Mark())
        mark.live = max(mark.live, timestamp)
        if mark.is_whole:
            mark.timestamp = max(mark.timestamp, timestamp)
        elif self.is_whole:
            # A room that was not among one's rooms when one came back.
            self.is_whole = False
            self._fetching = asyncio.create_task(self._catch_up(self.line)) if self.line else None

    def _refused(self, line: Line, frame: Frame) -> None:
        code, tag = frame.get("code", "VERIFICATION_REQUIRED"), frame.get("tag")
        if tag in self.pending:
            if code in _DONE:
                del self.pending[tag]
            else:
                self.pending[tag].sent_at = time.monotonic() - AGAIN_S + 1.0
            return
        room = frame.get("chatRoomId", "")
        if tag is not None and line.unkeyed.get(room) == tag:
            del line.unkeyed[room]
            if code == "UNAVAILABLE":
                self.again[tag] = room

    # What was missed

    async def _catch_up(self, line: Line) -> None:
        pause = 0.2
        while line.is_open:
            try:
                for room in await self._rooms():
                    if not (room in self.marks and self.marks[room].is_whole):
                        await self._fetch(room, line)
                self.is_whole = True
            except (*_BROKEN, NotNow):
                await asyncio.sleep(pause)
                pause = min(3.0, pause * 2)
            else:
                return

    async def _rooms(self) -> list[str]:
        code, answer = await self._crew.town.call(self.user, "GET", "/api/rooms")
        if code != 200:
            raise NotNow
        return [room["chatRoomId"] for room in answer["rooms"]]

    async def _fetch(self, room: str, line: Line) -> None:
        mark = self.marks.setdefault(room, Mark())
        messages: list[dict[str, Any]] = []
        after = mark.timestamp
        while True:
            path = f"/api/rooms/{room}/messages?after={after}&limit=200"
            code, page = await self._crew.town.call(self.user, "GET", path)
            if code == 404:
                return  # Not in it any more.
            if code != 200:
                raise NotNow
            messages += page["messages"]
            after = messages[-1]["timestamp"] if messages else after
            if not page["hasMore"]:
                break
        got = tuple((one["seq"], one["messageId"]) for one in messages)
        at = self._crew.book.now()
        self._crew.book.note(Fetched(at=at, client=self.name, connection=line.number, room=room, messages=got))
        mark.timestamp, mark.is_whole = max(after, mark.live, mark.timestamp), True

    def cut(self) -> None:
        """Its connection breaks without a word."""
        if self.line is not None:
            self.line.vanish()


class NotNow(Exception):
    """The API cannot answer just now."""
