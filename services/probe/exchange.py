"""One message from one connection to another, timed."""

import asyncio
import time
import uuid
from typing import NamedTuple

from contracts.server_frames import AckFrame, MessageFrame
from services.probe.failures import ProbeFailed
from services.probe.line import Line

CONTENT = "probe"


class Times(NamedTuple):
    """Seconds from just before the message was sent."""

    ack_s: float
    delivery_s: float


async def exchange(sender: Line, receiver: Line, chat_room_id: str, timeout_s: float) -> Times:
    """Send a message and await its ACK and its arrival; raises ProbeFailed, or Returned if a connection was closed."""
    key = f"probe-{uuid.uuid4().hex}"
    acknowledged, delivered = sender.expect(AckFrame, key), receiver.expect(MessageFrame, key)
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            await sender.say(chat_room_id, CONTENT, key)
            acknowledged_at, delivered_at = await asyncio.gather(acknowledged, delivered)
    except TimeoutError:
        raise _late(acknowledged, timeout_s) from None
    finally:
        sender.forget(key)
        receiver.forget(key)
    return Times(acknowledged_at - began, delivered_at - began)


def _late(acknowledged: "asyncio.Future[float]", timeout_s: float) -> ProbeFailed:
    if acknowledged.done() and not acknowledged.cancelled():
        return ProbeFailed("not_delivered", f"acknowledged, and not delivered within {timeout_s:g} s")
    return ProbeFailed("not_acknowledged", f"no ACK within {timeout_s:g} s")
