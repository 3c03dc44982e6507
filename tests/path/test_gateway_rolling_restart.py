"""Two gateways, restarted one after the other under load: no acked message is lost, and nobody is cut off (spec 7)."""

import asyncio
import contextlib
import itertools
import json
import signal
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

import pytest
import websockets

from contracts.submissions import SendMessage
from tests import tokens
from tests.path.gateway_bench import Bench, unique
from tests.path.test_gateway_drain import Process
from tests.waiting import eventually

pytestmark = pytest.mark.engine
PEOPLE, EVERY_S = 24, 0.05


@dataclass
class Person:
    """Sends a message every 50 ms, and again what was not acked, over whatever gateway lets them in."""

    ports: list[int]
    room: str
    user: str = field(default_factory=lambda: unique("person"))
    acked: set[str] = field(default_factory=set)
    unacked: dict[str, None] = field(default_factory=dict)
    codes: Counter[int] = field(default_factory=Counter)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        ports, names = itertools.cycle(self.ports), itertools.count()
        while not self.done.is_set():
            url = f"ws://127.0.0.1:{next(ports)}/prod?token={tokens.token(tokens.claims(sub=self.user))}"
            try:
                socket = await websockets.connect(url, proxy=None, compression=None)
            except (OSError, websockets.InvalidStatus, websockets.InvalidMessage):
                await asyncio.sleep(EVERY_S)
                continue
            reading = asyncio.create_task(self._read(socket))
            await self._talk(socket, names)
            if self.done.is_set():
                await socket.close()
            await reading
            if not self.done.is_set():
                # Told by the other side, or 1006.
                self.codes[socket.close_code or 1006] += 1

    async def _talk(self, socket: websockets.ClientConnection, names: "itertools.count[int]") -> None:
        try:
            for key in list(self.unacked):
                await self._say(socket, key)
            while not self.done.is_set():
                key = f"{self.user}-{next(names)}"
                self.unacked[key] = None
                await self._say(socket, key)
                await asyncio.sleep(EVERY_S)
        except websockets.ConnectionClosed:
            return

    async def _say(self, socket: websockets.ClientConnection, key: str) -> None:
        said = {"action": "sendMessage", "chatRoomId": self.room, "content": key, "clientMessageId": key}
        await socket.send(json.dumps(said))

    async def _read(self, socket: websockets.ClientConnection) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in socket:
                answer = json.loads(text)
                if answer["type"] == "ACK":
                    self.acked.add(answer["clientMessageId"])
                    self.unacked.pop(answer["clientMessageId"], None)


async def restarted(bench: Bench, old: Process, **same: str) -> Process:
    """The process ends in good order, and another begins in its place."""
    old.child.send_signal(signal.SIGTERM)
    await eventually(lambda: _is_red(old), within_s=10)
    assert await asyncio.wait_for(old.child.wait(), 30) == 0, old.output
    new = Process(bench, KAIWA_GATEWAY_ID=old.gateway_id, KAIWA_GATEWAY_PORT=str(old.port), **same)
    new.gateway_id, new.port = old.gateway_id, old.port
    await new.__aenter__()
    await new.ready()
    return new


def _went_on(people: list[Person], before: list[int]) -> bool:
    return all(len(person.acked) > count + 5 for person, count in zip(people, before, strict=True))


async def _is_red(process: Process) -> bool:
    return process.child.returncode is not None or await process.status() != 200


async def test_a_rolling_restart_loses_nothing_and_cuts_nobody_off(bench: Bench) -> None:
    settings, room = {"KAIWA_DRAIN_S": "4"}, unique("room")
    processes = [Process(bench, **settings) for _ in range(2)]
    for process in processes:
        await process.__aenter__()
    try:
        for process in processes:
            await process.ready()
        people = [Person([p.port for p in processes][:: 1 if n % 2 else -1], room) for n in range(PEOPLE)]
        talking = [asyncio.create_task(person.run()) for person in people]
        await eventually(lambda: all(len(person.acked) > 5 for person in people), within_s=60)
        for number in range(2):
            processes[number] = await restarted(bench, processes[number], **settings)
            await eventually(partial(_went_on, people, [len(person.acked) for person in people]), within_s=60)
        for person in people:
            person.done.set()
        await asyncio.wait_for(asyncio.gather(*talking), 30)
    finally:
        for process in processes:
            await process.__aexit__()
    codes = sum((person.codes for person in people), Counter[int]())
    assert set(codes) == {1012}, codes
    assert codes[1012] >= PEOPLE
    acked: set[str] = set().union(*(person.acked for person in people))

    def missing() -> set[str]:
        return acked - {event.client_message_id for event in bench.log.of(SendMessage, chat_room_id=room)}

    await eventually(lambda: not missing(), within_s=20)
