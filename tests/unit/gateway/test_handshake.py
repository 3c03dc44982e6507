import ipaddress
from typing import Any

import pytest

from gateway.handshake import Handshake, handshake, source_ip

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))


def scope(query: str = "", headers: list[tuple[str, str]] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "path": "/prod",
        "raw_path": b"/prod",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers or []],
        "client": ("198.51.100.7", 5000),
        **changes,
    }


def test_the_token_is_the_query_s_or_the_header_s() -> None:
    bearer = [("authorization", "bearer  from-header")]
    assert handshake(scope("token=from-query"), ()).token == "from-query"
    assert handshake(scope("", bearer), ()).token == "from-header"
    assert handshake(scope("token=from-query", bearer), ()).token == "from-query"
    assert handshake(scope("token=", bearer), ()).token == "from-header"
    assert handshake(scope("", [("authorization", "Basic abc")]), ()).token is None
    assert handshake(scope(), ()).token is None


def test_no_token_is_in_its_repr() -> None:
    assert "secret" not in repr(handshake(scope("token=secret"), ()))


@pytest.mark.parametrize(
    ("query", "features"),
    [
        ("", ()),
        ("features=", ()),
        ("features=read,presence", ("presence", "read")),
        ("features=rooms,rooms,Nonsense,%20typing", ("typing", "rooms")),
        ("features=read&features=typing", ("read", "typing")),
    ],
)
def test_features_are_those_known_in_one_order(query: str, features: tuple[str, ...]) -> None:
    assert handshake(scope(query), ()).features == features


def test_a_query_that_is_none_holds_nothing() -> None:
    assert handshake(scope("&".join("a=1" for _ in range(1000))), ()).token is None
    assert handshake(scope("token=%ff%fe"), ()).token


def test_the_user_agent_is_cut_and_holds_no_token() -> None:
    made: Handshake = handshake(scope("", [("user-agent", "x" * 500)]), ())
    assert made.user_agent == "x" * 256
    assert handshake(scope("", [("user-agent", "token=secret")]), ()).user_agent == "token=[redacted]"
    assert handshake(scope(), ()).user_agent is None


def test_the_raw_path_counts() -> None:
    assert handshake(scope(raw_path=b"/%70rod"), ()).path == "/%70rod"


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("198.51.100.7", ["203.0.113.5"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("10.0.0.1", ["192.0.2.66, 203.0.113.5"], "203.0.113.5"),
        ("10.0.0.1", ["192.0.2.66", "203.0.113.5, 10.0.0.2"], "203.0.113.5"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::1", ["2001:db8::5"], "2001:db8::5"),
    ],
)
def test_only_a_proxy_of_ours_is_believed(peer: str, forwarded: list[str], expected: str) -> None:
    assert source_ip(peer, forwarded, PROXIES) == expected
