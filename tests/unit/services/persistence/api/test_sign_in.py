import pytest
from starlette.requests import Request

from services.persistence.api.sign_in import is_local


def request(client: str | None, host: str | None) -> Request:
    headers = [] if host is None else [(b"host", host.encode())]
    return Request({"type": "http", "client": client and (client, 5), "headers": headers})


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"])
@pytest.mark.parametrize("client", ["127.0.0.1", "::1"])
def test_a_caller_on_this_machine_that_says_so_is_local(client: str, host: str) -> None:
    assert is_local(request(client, host))


@pytest.mark.parametrize(
    ("client", "host"),
    [
        ("203.0.113.7", "localhost"),
        ("10.0.0.2", "127.0.0.1"),
        (None, "localhost"),
        ("127.0.0.1", "evil.example.com"),
        ("127.0.0.1", "localhost.evil.example.com"),
        ("127.0.0.1", "127.0.0.1.evil.example.com"),
        ("127.0.0.1", "evil@[::"),
        ("127.0.0.1", ""),
        ("127.0.0.1", None),
    ],
)
def test_all_others_are_not(client: str | None, host: str | None) -> None:
    assert not is_local(request(client, host))
