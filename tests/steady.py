"""Clients that keep chatting whatever breaks: they come back, send again what was not acked, fetch what they missed."""

import asyncio
import contextlib
from functools import partial
from typing import Any

from aiohttp import ClientError
from websockets.exceptions import WebSocketException

from tests.people import Connection, Frame, Town
from tests.waiting import eventually

ACK_WITHIN_S = 6.0


class Steady:
    """One person on one gateway, in one room."""

    def __init__(self, town: Town, user: str, room: str, gateway: str) -> None:
        self.town = town
        self.user = user
        self.room = room
        self.gateway = gateway
        self.acked: dict[str, str] = {}
        self.received: dict[str, Frame] = {}
        self.connections: list[Connection] = []
        self._connection: Connection | None = None
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Steady":
        self._task = asyncio.create_task(self._live())
        await eventually(lambda: self._connection is not None, within_s=30)
        await eventually(lambda: self.town.is_online(self.user), within_s=30)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        if self._connection is not None:
            await self._connection.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(OSError, WebSocketException, TimeoutError, ClientError):
                connection = await self.town.connect(self.user, gateway=self.gateway, wait=False)
                self.connections.append(connection)
                self._connection = connection
                await connection.ended()
                self._connection = None
            await asyncio.sleep(0.3)

    async def send(self, key: str, padding: str = "") -> None:
        """Send until it is acked."""
        while key not in self.acked:
            connection = self._connection
            if connection is None or connection.closed is not None:
                await asyncio.sleep(0.05)
                continue
            try:
                await connection.say(self.room, f"content of {key}{padding}", key=key)
            except (WebSocketException, OSError):
                # A refused write does not wait: without a pause nobody else would get a turn, the reader neither.
                await asyncio.sleep(0.05)
            else:
                await self._await_ack(connection, key)

    async def _await_ack(self, connection: Connection, key: str) -> None:
        def answered() -> bool:
            answers = [f for f in connection.frames if f.get("clientMessageId") == key and f["type"] != "MESSAGE"]
            for ack in (frame for frame in answers if frame["type"] == "ACK"):
                self.acked[key] = ack["messageId"]
            return bool(answers) or connection.closed is not None

        with contextlib.suppress(AssertionError):
            await eventually(answered, within_s=ACK_WITHIN_S, every_s=0.005)

    async def send_many(self, count: int, *, name: str = "k", pause_s: float = 0.008, padding: str = "") -> None:
        """`count` messages, up to 20 of them under way at once, in the order of their first try."""
        places = asyncio.Semaphore(20)

        async def one(number: int) -> None:
            async with places:
                await self.send(f"{name}{number}", padding)

        tasks = []
        for number in range(count):
            tasks.append(asyncio.create_task(one(number)))
            await asyncio.sleep(pause_s)
        await asyncio.gather(*tasks)

    def live(self) -> list[list[int]]:
        """`seq` of the messages that each connection got, in order of arrival."""
        return [[frame["seq"] for frame in c.of("MESSAGE", chatRoomId=self.room)] for c in self.connections]

    async def caught_up(self) -> set[str]:
        """Ids of all messages: what came live, and after a reconnect the history."""
        ids = {f["messageId"] for c in self.connections for f in c.of("MESSAGE", chatRoomId=self.room)}
        if len(self.connections) > 1:
            ids |= {message["messageId"] for message in await self.town.history(self.user, self.room)}
        return ids


async def assert_nothing_acked_is_lost(room: str, sender: Steady, others: list[Steady]) -> list[dict[str, Any]]:
    """The table holds each acked message once, in one order; everybody has them all, each connection without a hole."""
    await eventually(partial(_are_decided, sender, room), within_s=60)
    rows = await sender.town.rows(f"CHATROOM#{room}", "MESSAGE#")
    ids = [row["messageId"]["S"] for row in rows]
    assert len(ids) == len(set(ids))
    assert [int(row["seq"]["N"]) for row in rows] == list(range(1, len(rows) + 1))
    stamps = [int(row["timestamp"]["N"]) for row in rows]
    assert stamps == sorted(set(stamps))
    for person in [sender, *others]:
        await eventually(partial(_has_all, person, set(ids)), within_s=60)
        for seqs in person.live():
            assert_without_hole(seqs)
    return rows


def assert_without_hole(seqs: list[int]) -> None:
    """Ascending by one; a stretch may come a second time (spec 3)."""
    highest = None
    for seq in seqs:
        assert highest is None or seq <= highest + 1, f"a hole before {seq}: {seqs}"
        highest = seq if highest is None else max(highest, seq)


async def _has_all(person: Steady, ids: set[str]) -> bool:
    return ids <= await person.caught_up()


async def _are_decided(sender: Steady, room: str) -> bool:
    """ACK means that it will be decided: so all of them are in the table in the end."""
    rows = await sender.town.rows(f"CHATROOM#{room}", "MESSAGE#")
    missing = set(sender.acked.values()) - {row["messageId"]["S"] for row in rows}
    assert not missing, f"{len(missing)} of {len(sender.acked)} acked messages are not in the table"
    return True
