"""RFC 6455 from outside, on a raw socket: each case of websocket_cases.py, and the frames that the gateway writes."""

import asyncio
import json

import pytest
import pytest_asyncio

from tests import tokens
from tests.path.gateway_bench import Bench, Running, unique
from tests.path.websocket_cases import CASES, Case
from tests.rawsocket import CLOSE, PING, PONG, TEXT, RawClient, Received, closing, frame

pytestmark = pytest.mark.engine
PIECE_S = 0.002


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(bench: Bench) -> Running:
    return await bench.start()


def test_there_are_more_than_a_hundred_cases_each_with_a_name_of_its_own() -> None:
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)


async def opened(gateway: Running, user: str) -> RawClient:
    client = await RawClient.to(gateway.gateway.port)
    answer = await client.open(f"/prod?token={tokens.token(tokens.claims(sub=user))}&features=read")
    assert answer.status == 101
    return client


async def until_silent(client: RawClient) -> list[Received]:
    """All frames until the stream ends, or until the answer to a last question has come."""
    await client.send(frame(TEXT, b'{"action":"ping","id":"the end"}'))
    frames: list[Received] = []
    while (received := await asyncio.wait_for(client.receive(), 10)) is not None:
        frames.append(received)
        if received.opcode == TEXT and json.loads(received.payload)["id"] == "the end":
            break
    return frames


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_rfc_6455(gateway: Running, case: Case) -> None:
    async with await opened(gateway, unique("user")) as client:
        for number, piece in enumerate(case.sent):
            if number:
                await asyncio.sleep(PIECE_S)  # So that TCP does not join them again.
            await client.send(piece)
        frames = await until_silent(client)
    closes = [received.code for received in frames if received.opcode == CLOSE]
    answers = [json.loads(received.payload)["id"] for received in frames if received.opcode == TEXT]
    assert closes == ([] if case.code is None else [case.code])
    assert answers == [*case.answers, *(["the end"] if case.code is None else [])]
    assert tuple(received.payload for received in frames if received.opcode == PONG) == case.pongs


async def test_a_close_without_a_code_is_answered_without_one(gateway: Running) -> None:
    async with await opened(gateway, unique("user")) as client:
        await client.send(closing())
        assert await client.receive() == Received(CLOSE, b"", b"\x88\x00")
        assert await client.receive() is None


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 131_072])
async def test_a_pushed_text_is_one_frame_of_the_shortest_form(bench: Bench, gateway: Running, size: int) -> None:
    user = unique("user")
    async with await opened(gateway, user) as client:
        connection_id = await bench.connection_id(user)
        url = f"{gateway.api_url}/@connections/{connection_id.replace('=', '%3D')}"
        status, _, _ = await bench.signed("POST", url, b"x" * size)
        received = await asyncio.wait_for(client.receive(), 10)
    length = (
        bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65_536 else b"\x7f" + size.to_bytes(8)
    )
    assert (status, received) == (200, Received(TEXT, b"x" * size, b"\x81" + length))


async def test_a_server_pings_and_takes_any_frame_for_a_sign_of_life(bench: Bench) -> None:
    curious = await bench.start(ping_interval_s=0.2, pong_timeout_s=0.6)
    async with await opened(curious, unique("user")) as client:
        for _ in range(3):
            received = await asyncio.wait_for(client.receive(), 5)
            assert received is not None
            assert received.opcode == PING
            await client.send(frame(PONG, b"not what was asked"))
