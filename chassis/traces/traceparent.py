"""`traceparent` (W3C Trace Context, version 00): which trace, which span of it, and whether it is recorded. Pure."""

import re
import secrets
from dataclasses import dataclass

from chassis.records import Headers
from contracts.headers import TRACEPARENT

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_RECORDED = frozenset(b"13579bdf")
"""Last digits of the flags whose lowest bit, `sampled`, is set."""


@dataclass(frozen=True, slots=True)
class Traceparent:
    """One step of a trace."""

    trace_id: str
    span_id: str
    recorded: bool = False

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.recorded else '00'}"


def unrecorded(trace_id: str | None = None) -> str:
    """A new step of that trace, or of a new one, which nobody records."""
    return str(Traceparent(trace_id or secrets.token_hex(16), secrets.token_hex(8)))


def parsed(text: str) -> Traceparent | None:
    """What `text` says, or None where it is none."""
    found = _TRACEPARENT.fullmatch(text)
    return None if found is None else Traceparent(found[1], found[2], ord(found[3][-1]) in _RECORDED)


def recorded_in(headers: Headers) -> bytes | None:
    """The traceparent in `headers` if its trace is recorded."""
    value = next((value for name, value in reversed(headers) if name == TRACEPARENT), None)
    return value if value and value[-1] in _RECORDED else None


def carrying(headers: Headers, traceparent: bytes) -> Headers:
    """`headers` with that traceparent in place of their own."""
    return (*(header for header in headers if header[0] != TRACEPARENT), (TRACEPARENT, traceparent))
