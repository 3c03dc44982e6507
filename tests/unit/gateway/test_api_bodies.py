from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from gateway.api_bodies import BodyCutOff, BodyTooLarge, read_body


def coming(*messages: dict[str, Any]) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    left = list(messages)

    async def receive() -> MutableMapping[str, Any]:
        return left.pop(0)

    return receive


def part(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_parts_are_joined() -> None:
    assert await read_body(coming(part(b"ab", True), part(b"c", False)), 3) == b"abc"


async def test_too_long_is_noticed_before_the_end() -> None:
    with pytest.raises(BodyTooLarge):
        await read_body(coming(part(b"ab", True), part(b"cd", True)), 3)


async def test_a_body_that_breaks_off_is_none() -> None:
    with pytest.raises(BodyCutOff):
        await read_body(coming(part(b"ab", True), {"type": "http.disconnect"}), 3)
