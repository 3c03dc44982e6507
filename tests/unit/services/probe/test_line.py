"""Which frame answers which message, and what the end of a connection means."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

from contracts.server_frames import AckFrame, MessageFrame
from services.probe.exchange import exchange
from services.probe.failures import ProbeFailed, Returned
from services.probe.line import Line


class Wire:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.coming: asyncio.Queue[str | Exception] = asyncio.Queue()

    async def send(self, message: str) -> None:
        self.sent.append(json.loads(message))

    async def recv(self) -> str:
        next_one = await self.coming.get()
        if isinstance(next_one, Exception):
            raise next_one
        return next_one

    def push(self, **frame: object) -> None:
        self.coming.put_nowait(json.dumps(frame))


class Read:
    def __init__(self) -> None:
        self.wire = Wire()
        self.line = Line(self.wire)
        self.reading = asyncio.create_task(self.line.read())


@pytest.fixture
async def read() -> AsyncIterator[Read]:
    made = Read()
    yield made
    made.reading.cancel()
    await asyncio.gather(made.reading, return_exceptions=True)


async def test_an_answer_reaches_who_waits_for_that_message_alone(read: Read) -> None:
    mine, other = read.line.expect(AckFrame, "k1"), read.line.expect(AckFrame, "k2")
    read.wire.coming.put_nowait("not json")
    read.wire.push(type="ACK", messageId="m", clientMessageId="k1", chatRoomId="r")
    read.wire.push(type="ACK", messageId="m", clientMessageId="k1", chatRoomId="r")
    await mine
    assert not other.done()
    read.line.forget("k2")
    assert other.cancelled()


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "ERROR", "code": "NOT_A_PARTICIPANT", "message": "", "retryable": False, "clientMessageId": "k"},
        {"type": "VERIFICATION_REQUIRED", "message": "", "clientMessageId": "k"},
    ],
)
async def test_a_refusal_ends_the_waiting_also_after_the_ack(read: Read, frame: dict[str, object]) -> None:
    acknowledged, delivered = read.line.expect(AckFrame, "k"), read.line.expect(MessageFrame, "k")
    read.wire.push(type="ACK", messageId="m", clientMessageId="k", chatRoomId="r")
    read.wire.push(**frame)
    with pytest.raises(ProbeFailed) as caught:
        await delivered
    assert caught.value.outcome == "refused"
    await acknowledged


@pytest.mark.parametrize(
    ("error", "returns"),
    [
        (ConnectionClosedOK(Close(1001, ""), None), True),
        (ConnectionClosedOK(Close(1012, ""), None), True),
        (ConnectionClosedError(Close(4401, ""), None), True),
        (ConnectionClosedError(Close(4408, ""), None), False),
        (ConnectionClosedError(None, None), False),
    ],
)
async def test_the_end_of_a_connection_is_told_to_who_waits_and_who_comes_later(
    read: Read, error: Exception, returns: bool
) -> None:
    expected = Returned if returns else ProbeFailed
    waiting = read.line.expect(AckFrame, "k")
    read.wire.coming.put_nowait(error)
    for ended in (waiting, read.reading, read.line.expect(AckFrame, "k2")):
        with pytest.raises(expected):
            await ended


async def test_a_message_without_an_answer_is_waited_for_no_longer_than_it_may_take(read: Read) -> None:
    with pytest.raises(ProbeFailed) as caught:
        await exchange(read.line, read.line, "room", 0.05)
    assert caught.value.outcome == "not_acknowledged"
    [sent] = read.wire.sent
    assert (sent["action"], sent["chatRoomId"]) == ("sendMessage", "room")
    assert not read.line._waiting
