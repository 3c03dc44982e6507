"""Who says too much is told to wait, or is read no more for a while; nobody else waits for it (spec 7)."""

import asyncio
import time

import pytest
from websockets.frames import Frame, Opcode

from tests.path.gateway_bench import Bench, frame, say, unique
from tests.waiting import eventually

pytestmark = pytest.mark.engine


async def test_too_many_frames_are_refused_with_the_time_to_wait(bench: Bench) -> None:
    strict = await bench.start(frame_rate=1.0, frame_burst=3)
    client = await bench.connect(strict, unique("user"))
    for number in range(5):
        await say(client, "sendMessage", chatRoomId="r", content="c", clientMessageId=f"k{number}")
    answers = [await frame(client) for _ in range(5)]
    refused = [answer for answer in answers if answer["type"] == "ERROR"]
    assert [answer["clientMessageId"] for answer in refused] == ["k3", "k4"]
    assert all(answer["code"] == "THROTTLED" and answer["retryable"] for answer in refused)
    assert all(0 < answer["retryAfterMs"] <= 1001 for answer in refused)


async def test_two_connections_of_a_user_share_the_user_s_rate(bench: Bench) -> None:
    strict = await bench.start(user_frame_rate=0.5, user_frame_burst=3)
    user = unique("user")
    one, two = await bench.connect(strict, user), await bench.connect(strict, user)
    answers = []
    for client in (one, two):
        for number in range(2):
            await say(client, "sendMessage", chatRoomId="r", content="c", clientMessageId=f"k{number}")
        answers.append({(await frame(client)).get("code") for _ in range(2)})
    assert answers == [{None}, {None, "THROTTLED"}]


async def test_what_waits_for_kafka_is_bounded_for_each_connection(bench: Bench) -> None:
    tight = await bench.start(in_flight=1)
    client = await bench.connect(tight, unique("user"))
    await asyncio.gather(
        *(say(client, "sendMessage", chatRoomId="r", content="c", clientMessageId=f"k{n}") for n in range(20))
    )
    answers = [await frame(client) for _ in range(20)]
    refused = [answer for answer in answers if answer["type"] == "ERROR"]
    assert refused
    assert {answer["code"] for answer in refused} == {"THROTTLED"}
    await say(client, "sendMessage", chatRoomId="r", content="c", clientMessageId="again")
    assert (await frame(client))["type"] == "ACK"


async def test_a_flood_of_tiny_frames_does_not_hold_up_the_others(bench: Bench) -> None:
    strict = await bench.start(frame_rate=200.0, frame_burst=200)
    flooder, other = await bench.connect(strict, unique("flooder")), await bench.connect(strict, unique("user"))
    tiny = Frame(Opcode.TEXT, b"{}").serialize(mask=True)
    flooder.transport.write(tiny * 60_000)
    slowest = 0.0
    for number in range(20):
        began = time.monotonic()
        await say(other, "ping", id=number)
        assert (await frame(other))["id"] == number
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 0.5


async def test_after_a_rest_the_flooder_is_read_again(bench: Bench) -> None:
    strict = await bench.start(frame_rate=200.0, frame_burst=1)
    client = await bench.connect(strict, unique("flooder"), features="read")
    for _ in range(400):
        await say(client, "nothing")
    await say(client, "ping", id="after")

    async def answered() -> bool:
        await say(client, "ping", id="after")
        return bool((await frame(client, within_s=5))["type"] == "PONG")

    assert await eventually(answered, within_s=15, every_s=0.2)
