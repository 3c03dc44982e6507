"""The `traceparent` of what starts here (W3C Trace Context; spec 11): each frame of a client begins a trace."""

import secrets

from chassis.records import Headers
from contracts.headers import TRACEPARENT


def traced() -> Headers:
    """Headers that begin a new trace."""
    random = secrets.token_hex(24)
    return ((TRACEPARENT, f"00-{random[:32]}-{random[32:]}-01".encode()),)
