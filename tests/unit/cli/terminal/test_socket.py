from __future__ import annotations

import pytest

from cli.terminal.socket import Closed, Refused, Unreachable, open_socket
from tests.unit.cli.terminal.fake_server import FakeServer, token_for
from tests.waiting import eventually


async def test_the_end_of_a_connection_tells_code_and_reason(server: FakeServer) -> None:
    async with open_socket(server.websocket_url, token_for("alice")) as socket:
        await eventually(lambda: server.connections)
        await server.close_all(4408, "behind")
        with pytest.raises(Closed) as closed:
            async for _ in socket.frames():
                pass
        assert (closed.value.close_code, closed.value.reason) == (4408, "behind")
        with pytest.raises(Closed):
            await socket.send("{}")


async def test_a_lost_connection_is_1006(server: FakeServer) -> None:
    async with open_socket(server.websocket_url, token_for("alice")) as socket:
        await eventually(lambda: server.connections)
        next(iter(server.connections)).transport.abort()
        with pytest.raises(Closed) as closed:
            async for _ in socket.frames():
                pass
    assert closed.value.close_code == 1006


async def test_a_refusal_tells_status_message_and_when_to_come_back(server: FakeServer) -> None:
    server.refuse_handshakes = [(503, {"Retry-After": "7"})]
    with pytest.raises(Refused) as refused:
        async with open_socket(server.websocket_url, token_for("alice")):
            pass
    assert (refused.value.status, refused.value.message, refused.value.retry_after_s) == (503, "because", 7.0)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/prod", "no address"])
async def test_an_address_where_nobody_listens_is_unreachable(url: str) -> None:
    with pytest.raises(Unreachable) as unreachable:
        async with open_socket(url, token_for("alice")):
            pass
    assert token_for("alice")[:8] not in str(unreachable.value)
