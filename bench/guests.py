"""People who chat for a measurement. They note when a frame came before they look at what is in it."""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chassis.backoff import Backoff

_CALLS_AT_ONCE = 8
_CALL_WITHIN_S = 60.0
_ASK_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
"""A cluster that is busy, and one that is asked for much by one person, may say so."""


@dataclass(frozen=True, slots=True)
class Message:
    """A MESSAGE frame as it came."""

    key: str
    seq: int
    at: float
    """time.monotonic() at its arrival."""
    epoch_s: float


class Guest:
    """One connection of one person."""

    def __init__(self, socket: ClientConnection, user: str, room: str) -> None:
        self._socket = socket
        self.user, self.room = user, room
        self.messages: list[Message] = []
        self.acks: dict[str, float] = {}
        """When each clientMessageId was acknowledged."""
        self.complaints: list[str] = []
        """Frames of other types: refusals."""
        self._arrived = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def say(self, key: str, content: str) -> None:
        """Send a message to the own room."""
        frame = {"action": "sendMessage", "chatRoomId": self.room, "content": content, "clientMessageId": key}
        await self._socket.send(json.dumps(frame))

    async def until(self, is_so: Callable[[], bool], within_s: float) -> None:
        """Wait until something is so that changes with this guest's frames; raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while not is_so():
                self._arrived.clear()
                await self._arrived.wait()

    async def leave(self) -> None:
        """Close the connection."""
        await self._socket.close()
        await self._reading

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self._socket:
                self._note(time.monotonic(), time.time(), json.loads(text))
                self._arrived.set()

    def _note(self, at: float, epoch_s: float, frame: Mapping[str, Any]) -> None:
        if frame["type"] == "MESSAGE":
            self.messages.append(Message(frame.get("clientMessageId", ""), frame["seq"], at, epoch_s))
        elif frame["type"] == "ACK":
            self.acks[frame["clientMessageId"]] = at
        else:
            self.complaints.append(json.dumps(frame))


class House:
    """The ways into a cluster: its issuer, its HTTP API, its gateways. All guests leave at the end."""

    def __init__(self, described: Mapping[str, Any], http: aiohttp.ClientSession) -> None:
        self.described, self._http = described, http
        self._guests: list[Guest] = []
        self._calls = asyncio.Semaphore(_CALLS_AT_ONCE)

    @classmethod
    @contextlib.asynccontextmanager
    async def of(cls, described: Mapping[str, Any]) -> AsyncIterator[Self]:
        """Open it for a cluster.json."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            house = cls(described, http)
            try:
                yield house
            finally:
                await asyncio.gather(*(guest.leave() for guest in house._guests))

    @property
    def gateways(self) -> list[str]:
        """The names of the cluster's gateways."""
        return [name for name in self.described["processes"] if name.startswith("gateway-")]

    async def room(self, users: Iterable[str]) -> str:
        """A new room of approved people; the first one makes it."""
        people = list(users)
        await self.approve(people)
        return await self.opened(people)

    async def approve(self, users: Iterable[str]) -> None:
        """Make them people who may make rooms and write."""
        admin = await self.token("root", admin=True)
        profiles = {user: {"displayName": user, "verificationStatus": "approved"} for user in users}
        await asyncio.gather(
            *(self._call(admin, "PUT", f"/api/users/{user}/profile", profile) for user, profile in profiles.items())
        )

    async def opened(self, people: Sequence[str]) -> str:
        """A new room of people who are approved; the first one makes it."""
        room = f"bench-{uuid.uuid4().hex[:10]}"
        creation = {"name": room, "chatRoomId": room, "participantIds": people[1:]}
        await self._call(await self.token(people[0]), "POST", "/api/rooms", creation)
        return room

    async def enter(self, user: str, room: str, gateway: str) -> Guest:
        """Connect through a gateway."""
        base = self.described["processes"][gateway]["websocketUrl"]
        query = urlencode({"token": await self.token(user)})
        async with self._calls:
            socket = await connect(f"{base}?{query}", compression=None, open_timeout=30, ping_interval=None)
        guest = Guest(socket, user, room)
        self._guests.append(guest)
        return guest

    async def token(self, user: str, *, admin: bool = False) -> str:
        """An ID token of the cluster's own issuer."""
        url = f"{self.described['issuer']}/dev/token"
        async with self._calls, self._http.post(url, json={"user": user, "admin": admin}) as answer:
            return str((await answer.json())["token"])

    async def metrics(self, process: str) -> str:
        """What a process shows at /metrics."""
        async with self._http.get(self.described["processes"][process]["metricsUrl"]) as answer:
            return await answer.text()

    async def _call(self, token: str, method: str, path: str, body: object) -> None:
        url = self.described["httpApiUrl"].rstrip("/") + path
        headers = {"Authorization": f"Bearer {token}"}
        backoff = Backoff()
        async with self._calls, asyncio.timeout(_CALL_WITHIN_S):
            while True:
                async with self._http.request(method, url, json=body, headers=headers) as answer:
                    if answer.status not in _ASK_AGAIN:
                        answer.raise_for_status()
                        return
                await backoff.wait()


async def warm_up(sender: Guest, others: Iterable[Guest], messages: int, *, within_s: float = 30.0) -> None:
    """Some messages that do not count; returns when everybody has got all of them, so presence knows everybody."""
    guests = [sender, *others]
    for number in range(messages):
        key, before = f"warm-{uuid.uuid4().hex[:8]}", len(sender.messages)
        await sender.say(key, f"warm-up {number}")
        await sender.until(lambda before=before: len(sender.messages) > before, within_s)  # type: ignore[misc]
    for guest in guests:
        # The catch-up window brings what went out before presence had told of the connection (spec 9).
        await guest.until(lambda guest=guest: len(guest.messages) >= messages, within_s)  # type: ignore[misc]
    for guest in guests:
        guest.messages.clear()
        guest.acks.clear()
