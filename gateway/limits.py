"""When a connection must end, be pinged, or be looked at again (spec 7). Pure: times come in, a verdict goes out."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from contracts.close_codes import ABNORMAL, GOING_AWAY, TOKEN_EXPIRED, CloseCode
from gateway.metrics import Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """All in seconds."""

    idle_s: float
    duration_s: float
    expiry_grace_s: float
    ping_interval_s: float
    pong_timeout_s: float


@dataclass(slots=True, kw_only=True)
class Life:
    """The times of one connection, on the monotonic clock."""

    opened_s: float
    active_s: float
    """The last data frame, either way."""
    heard_s: float
    """The last bytes from the client, pongs included."""
    expires_s: float | None
    """When its token expires; None where that does not end the connection."""
    pinged_s: float | None = None
    """When the ping was sent that is not answered yet."""
    next_ping_s: float = 0.0
    look_s: float = 0.0
    """When it is looked at next; 0: it is not looked after yet."""


class Breach(NamedTuple):
    """The limit that a connection has met, and how it is closed for it."""

    limit: Limit
    code: CloseCode


_DURATION = Breach("duration_s", GOING_AWAY)
_IDLE = Breach("idle_s", GOING_AWAY)
_EXPIRED = Breach("expiry_grace_s", TOKEN_EXPIRED)
_MUTE = Breach("pong_timeout_s", ABNORMAL)

Verdict = Literal["ping"] | Breach | float
"""Ping it, close it, or look again at that time."""


def verdict(life: Life, limits: TimeLimits, now: float) -> Verdict:
    """What is due for a connection at `now`."""
    answered = life.pinged_s is None or life.heard_s > life.pinged_s
    deadlines: list[tuple[float, Breach]] = [
        (life.opened_s + limits.duration_s, _DURATION),
        (life.active_s + limits.idle_s, _IDLE),
    ]
    if life.expires_s is not None:
        deadlines.append((life.expires_s + limits.expiry_grace_s, _EXPIRED))
    if life.pinged_s is not None and not answered:
        deadlines.append((life.pinged_s + limits.pong_timeout_s, _MUTE))
    for deadline, breach in deadlines:
        if now >= deadline:
            return breach
    if answered and now >= life.next_ping_s:
        return "ping"
    nearest = min(deadline for deadline, _ in deadlines)
    return min(nearest, life.next_ping_s) if answered else nearest
