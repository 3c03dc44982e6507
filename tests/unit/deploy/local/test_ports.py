from __future__ import annotations

import os
import socket

import pytest

from deploy.local import ports


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_with_a_listener_is_not_free(host: str) -> None:
    with socket.create_server((host, 0)) as listener:
        port = listener.getsockname()[1]
        assert not ports.is_free(port)
        assert ports.listens(os.getpid(), port)
    assert ports.is_free(port)
    assert not ports.listens(os.getpid(), port)


def test_a_free_block_is_free_below_the_ephemeral_range_and_avoids_what_is_taken() -> None:
    taken = frozenset(range(ports.LOWEST, ports.HIGHEST - 500))
    first = ports.free_block(3, taken)
    assert taken.isdisjoint(range(first, first + 3))
    assert first + 3 <= ports.HIGHEST < 32_768


def test_a_process_that_is_gone_listens_nowhere() -> None:
    assert not ports.listens(2**22 - 1, 80)
