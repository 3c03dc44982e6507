"""Whether a host is this machine, and whether a request comes from it and from no web page that pretends to."""

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request


def is_loopback(host: str) -> bool:
    """Whether a host name or address (IPv6 without brackets) is that of this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(request: "Request") -> bool:
    """Caller on loopback, and addressed by a name of loopback.

    The second keeps out DNS rebinding: a foreign page whose own name leads to 127.0.0.1 would else be given tokens,
    since to the browser it is asking its own server.
    """
    caller = request.client.host if request.client else ""
    return is_loopback(caller) and is_loopback(_host(request))


def _host(request: "Request") -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""
