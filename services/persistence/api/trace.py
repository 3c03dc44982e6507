"""The `traceparent` that a request's events carry (W3C Trace Context; spec 11)."""

import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")

current: ContextVar[str | None] = ContextVar("kaiwa_traceparent", default=None)
"""That of the request being answered."""


def continued(incoming: str | None) -> str:
    """A step of the caller's trace, or of a new one where `incoming` names none."""
    found = _TRACEPARENT.fullmatch(incoming or "")
    trace_id, flags = found.groups() if found else (secrets.token_hex(16), "01")
    return f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"
