"""What a handshake asks for (spec 2). Pure: the ASGI scope comes in."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

from chassis.logs import redact
from contracts.connections import FEATURES
from gateway.settings import Network

USER_AGENT_CHARACTERS: Final = 256
_QUERY_PARAMETERS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """One request for a WebSocket."""

    path: str
    token: str | None = field(repr=False)
    features: tuple[str, ...]
    origin: str | None
    source_ip: str
    user_agent: str | None
    subprotocols: tuple[str, ...] = ()


def handshake(scope: Mapping[str, Any], proxies: Sequence[Network]) -> Handshake:
    """The request in an ASGI scope. The query's token counts before the header's."""
    headers = _by_name(scope["headers"])
    query = _query(scope.get("query_string", b""))
    client = scope.get("client")
    # Cut after that: half a token is not known for one.
    user_agent = redact(headers.get("user-agent", [""])[0])[:USER_AGENT_CHARACTERS]
    return Handshake(
        path=scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"],
        token=_last(query.get("token")) or _bearer(headers.get("authorization")),
        features=_features(query.get("features", [])),
        origin=_last(headers.get("origin")),
        source_ip=source_ip(client[0] if client else "", headers.get("x-forwarded-for", []), proxies),
        user_agent=user_agent or None,
        subprotocols=tuple(scope.get("subprotocols", ())),
    )


def source_ip(peer: str, forwarded_for: Iterable[str], proxies: Sequence[Network]) -> str:
    """The client's address: the nearest that is no proxy of ours. A client can invent what stands before that."""
    address = peer
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
    while hops and _is_in(address, proxies):
        address = hops.pop()
    return address if _parsed(address) else peer


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _query(query: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=_QUERY_PARAMETERS)
    except ValueError:
        return {}


def _bearer(values: list[str] | None) -> str | None:
    scheme, _, token = (_last(values) or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _features(values: Iterable[str]) -> tuple[str, ...]:
    asked = {name.strip() for value in values for name in value.split(",")}
    return tuple(name for name in FEATURES if name in asked)


def _last(values: list[str] | None) -> str | None:
    return values[-1] if values else None
