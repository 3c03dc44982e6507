"""Whether a request comes from this machine, and from no web page that pretends to."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request


def is_local(request: Request) -> bool:
    """Caller on loopback, and addressed by a name of loopback.

    The second keeps out DNS rebinding: a foreign page whose own name leads to 127.0.0.1 would else be given tokens,
    since to the browser it is asking its own server.
    """
    caller = request.client.host if request.client else ""
    return _is_loopback(caller) and _is_loopback(_host(request))


def _host(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
