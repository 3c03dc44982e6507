"""The process as it is deployed: its start, its settings, its end on SIGTERM (spec 7)."""

import asyncio
import os
import signal
import sys
from typing import Any

import aiohttp
import pytest
import websockets

from contracts.connections import Disconnected
from contracts.gateways import Stopped
from contracts.submissions import SendMessage
from deploy.local.ports import free_port
from tests import leaks, tokens
from tests.path.gateway_bench import KEY_ID, SECRET, Bench, closed, frame, say, unique
from tests.waiting import eventually

pytestmark = pytest.mark.engine


class Process:
    """`python -m gateway` with settings from its environment alone."""

    module = "gateway"
    may_leak = False

    def __init__(self, bench: Bench, **changes: str) -> None:
        self.gateway_id = unique("gateway")
        self.port, self.health = free_port(), free_port()
        self.environ = {
            "PATH": os.environ["PATH"],
            "KAIWA_KAFKA_BOOTSTRAP": bench.bootstrap,
            "KAIWA_ISSUER": tokens.ISSUER,
            "KAIWA_CLIENT_ID": tokens.CLIENT_ID,
            "KAIWA_JWKS_URL": bench.jwks_url,
            "KAIWA_GATEWAY_ID": self.gateway_id,
            "KAIWA_GATEWAY_PORT": str(self.port),
            "KAIWA_CONNECTION_API_PORT": str(free_port()),
            "KAIWA_HEALTH_PORT": str(self.health),
            "KAIWA_ACCESS_KEY_ID": KEY_ID,
            "KAIWA_SECRET_ACCESS_KEY": SECRET,
            **changes,
        }
        self.child: Any = None
        self.output = b""

    async def __aenter__(self) -> "Process":
        pipe = asyncio.subprocess.PIPE
        self.child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self.module, env=self.environ, stdout=pipe, stderr=asyncio.subprocess.STDOUT
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.child.returncode is None:
            self.child.kill()
        await self.child.wait()
        await self._reading
        assert self.may_leak or not leaks.hits(self.output)

    async def _read(self) -> None:
        while part := await self.child.stdout.read(65_536):
            self.output += part

    async def status(self, path: str = "/readyz") -> int:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{self.health}{path}") as answer,
            ):
                return answer.status
        except aiohttp.ClientError:
            return 0

    async def ready(self) -> None:
        async def is_ready() -> bool:
            assert self.child.returncode is None, self.output
            return await self.status() == 200

        await eventually(is_ready, within_s=30)

    async def connect(self, bench: Bench, user: str) -> websockets.ClientConnection:
        url = f"ws://127.0.0.1:{self.port}/prod?token={tokens.token(tokens.claims(sub=user))}"
        client = await websockets.connect(url, proxy=None)
        bench.clients.append(client)
        return client


async def test_sigterm_ends_it_with_everything_in_the_log(bench: Bench) -> None:
    users, room = [unique("user") for _ in range(20)], unique("room")
    async with Process(bench) as process:
        await process.ready()
        clients = [await process.connect(bench, user) for user in users]
        for number in range(100):
            await say(clients[0], "sendMessage", chatRoomId=room, content="c", clientMessageId=f"k{number}")
        process.child.send_signal(signal.SIGTERM)
        for client in clients[1:]:
            assert await closed(client, within_s=20) == (1012, "Service restart")
        assert await asyncio.wait_for(process.child.wait(), 20) == 0
        acked = [frame_["clientMessageId"] for frame_ in await rest(clients[0]) if frame_["type"] == "ACK"]
    (stopped,) = await eventually(lambda: bench.log.of(Stopped, gateway_id=process.gateway_id))
    gone = bench.log.of(Disconnected, gateway_id=process.gateway_id)
    assert sorted(event.user_id for event in gone) == sorted(users)
    assert {event.code for event in gone} == {1012}
    written = [event.client_message_id for event in bench.log.of(SendMessage, chat_room_id=room)]
    assert acked
    assert set(acked) <= set(written)
    assert bench.log.events.index(stopped) > max(bench.log.events.index(event) for event in gone)


async def rest(client: websockets.ClientConnection) -> list[Any]:
    frames = []
    try:
        while True:
            frames.append(await frame(client))
    except websockets.ConnectionClosed:
        return frames


async def test_a_second_sigterm_hurries(bench: Bench) -> None:
    async with Process(bench, KAIWA_DRAIN_S="300") as process:
        await process.ready()
        clients = [await process.connect(bench, unique("user")) for _ in range(230)]
        process.child.send_signal(signal.SIGTERM)
        await eventually(lambda: any(client.close_code for client in clients), within_s=20)
        assert await process.status() == 503
        assert not all(client.close_code for client in clients)
        process.child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.child.wait(), 20) == 0


async def test_no_token_is_in_its_output(bench: Bench) -> None:
    async with Process(bench, KAIWA_LOG_LEVEL="debug") as process:
        await process.ready()
        client = await process.connect(bench, "alice")
        await say(client, "refreshToken", token=tokens.token())
        await frame(client)
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(f"ws://127.0.0.1:{process.port}/dev?token={tokens.token()}", proxy=None)
        process.child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.child.wait(), 20) == 0
    assert b"connected" in process.output
    assert b"eyJ" not in process.output
    assert SECRET.encode() not in process.output


async def test_wrong_settings_are_named_all_at_once(bench: Bench) -> None:
    wrong = {"KAIWA_ISSUER": "", "KAIWA_IDLE_S": "-1", "KAIWA_TRUSTED_PROXIES": "nonsense"}
    async with Process(bench, **wrong) as process:
        assert await asyncio.wait_for(process.child.wait(), 20) == 2
    for name in ("KAIWA_ISSUER", "KAIWA_IDLE_S", "KAIWA_TRUSTED_PROXIES"):
        assert name.encode() in process.output


async def test_a_port_that_is_taken_is_named(bench: Bench) -> None:
    async with Process(bench) as first:
        await first.ready()
        async with Process(bench, KAIWA_GATEWAY_PORT=str(first.port)) as second:
            assert await asyncio.wait_for(second.child.wait(), 20) == 2
    assert b"KAIWA_GATEWAY_PORT" in second.output
