from __future__ import annotations

import pytest

from cli.terminal.http_api import ApiRefusedError, ApiUnavailableError, HttpApi, _read
from cli.terminal.tokens import given
from contracts.server_frames import MessageFrame
from tests.unit.cli.terminal.fake_server import FakeServer, token_for


async def test_the_history_comes_as_the_frames_that_were_pushed(server: FakeServer) -> None:
    for number in range(60):
        await server.post("lobby", "bob", str(number), key=f"key-{number}")
    async with HttpApi(server.api_url, given(token_for("alice")).current) as api:
        newest = await api.messages("lobby", None)
        later = await api.messages("lobby", newest.messages[47].timestamp)
    assert (len(newest.messages), newest.has_more) == (50, True)
    assert isinstance(newest.messages[0], MessageFrame)
    assert [message.client_message_id for message in later.messages] == ["key-58", "key-59"]
    assert not later.has_more


async def test_an_address_where_nobody_listens_is_unavailable() -> None:
    async with HttpApi("http://127.0.0.1:1", given(token_for("alice")).current) as api:
        with pytest.raises(ApiUnavailableError, match=r"http://127\.0\.0\.1:1 does not answer"):
            await api.me()


async def test_a_refusal_carries_its_code_and_its_words(server: FakeServer) -> None:
    async with HttpApi(server.api_url, given(token_for("zed")).current) as api:
        with pytest.raises(ApiRefusedError, match="There is no such room") as refused:
            await api.room("lobby")
    assert (refused.value.status, refused.value.code) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (503, b'{"code":"UNAVAILABLE","detail":"later"}', ApiUnavailableError),
        (429, b'{"code":"THROTTLED","detail":"slowly"}', ApiUnavailableError),
        (202, b'{"eventId":"e"}', ApiUnavailableError),
        (502, b"<html>", ApiUnavailableError),
        (200, b"<html>", ApiUnavailableError),
        (409, b'{"code":"ROOM_EXISTS","detail":"it exists"}', ApiRefusedError),
    ],
)
def test_what_may_pass_is_told_from_what_will_not(status: int, content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        _read(dict, status, content)
