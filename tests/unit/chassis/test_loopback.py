import pytest
from starlette.requests import Request

from chassis.loopback import is_local


def request(caller: str | None, host: str | None) -> Request:
    headers = [(b"host", host.encode())] if host is not None else []
    return Request({"type": "http", "headers": headers, "client": (caller, 5) if caller else None})


LOCAL = [
    ("127.0.0.1", "127.0.0.1:9000"),
    ("127.0.0.1", "localhost:9000"),
    ("127.0.0.1", "LOCALHOST"),
    ("127.8.8.8", "127.0.0.1"),
    ("::1", "[::1]:9000"),
]


@pytest.mark.parametrize(("caller", "host"), LOCAL)
def test_this_machine_is_local(caller: str, host: str) -> None:
    assert is_local(request(caller, host))


FOREIGN = [
    ("10.0.0.7", "127.0.0.1:9000"),
    ("192.168.1.4", "192.168.1.4:9000"),
    ("127.0.0.1", "rebound.example:9000"),
    ("127.0.0.1", "localhost.evil.example"),
    ("127.0.0.1", "127.0.0.1.evil.example"),
    ("127.0.0.1", "10.0.0.7"),
    ("127.0.0.1", "evil.example@"),
    ("127.0.0.1", "[::1"),
    ("127.0.0.1", ""),
    ("127.0.0.1", None),
    (None, "127.0.0.1"),
    ("testclient", "localhost"),
]


@pytest.mark.parametrize(("caller", "host"), FOREIGN)
def test_whoever_comes_from_elsewhere_or_by_a_foreign_name_is_not(caller: str | None, host: str | None) -> None:
    assert not is_local(request(caller, host))
