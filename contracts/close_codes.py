"""Why a socket was closed, and whether the client comes back by itself (spec 4 and 7). Exported to the web client."""

from dataclasses import dataclass
from typing import Final, Literal

Return = Literal["yes", "with jitter", "with a new token", "after a new sign-in", "no"]


@dataclass(frozen=True, kw_only=True)
class CloseCode:
    """One way in which a connection ends."""

    name: str
    code: int
    reason: str
    when: str
    client_returns: Return
    sent: bool = True
    """False where no close frame can be sent and the code is only recorded."""


NORMAL: Final = CloseCode(
    name="normal",
    code=1000,
    reason="Connection Closed Normally",
    when="deleted through the connection API",
    client_returns="no",
)
GOING_AWAY: Final = CloseCode(
    name="goingAway",
    code=1001,
    reason="Going away",
    when="idle for 10 minutes, or open for 2 hours",
    client_returns="yes",
)
UNSUPPORTED: Final = CloseCode(
    name="unsupported", code=1003, reason="Binary frames are not supported", when="a binary frame", client_returns="no"
)
NO_STATUS: Final = CloseCode(
    name="noStatus",
    code=1005,
    reason="Client-side close frame status not set",
    when="the client closed without a code",
    client_returns="yes",
    sent=False,
)
ABNORMAL: Final = CloseCode(
    name="abnormal",
    code=1006,
    reason="Connection lost",
    when="the network dropped it, or no pong came in 20 s",
    client_returns="yes",
    sent=False,
)
INVALID_DATA: Final = CloseCode(
    name="invalidData", code=1007, reason="Invalid UTF-8", when="a text frame that is not UTF-8", client_returns="no"
)
TOO_BIG: Final = CloseCode(
    name="tooBig",
    code=1009,
    reason="Message too big",
    when="a frame over 32,768 or a message over 131,072 bytes",
    client_returns="no",
)
RESTART: Final = CloseCode(
    name="restart",
    code=1012,
    reason="Service restart",
    when="the gateway drains, or its epoch has lapsed",
    client_returns="with jitter",
)
TOKEN_EXPIRED: Final = CloseCode(
    name="tokenExpired",
    code=4401,
    reason="Token expired",
    when="30 s after the token's exp",
    client_returns="with a new token",
)
SESSIONS_REVOKED: Final = CloseCode(
    name="sessionsRevoked",
    code=4403,
    reason="Sessions revoked",
    when="an admin revoked the user's sessions",
    client_returns="after a new sign-in",
)
BEHIND: Final = CloseCode(
    name="behind",
    code=4408,
    reason="behind",
    when="the client reads too slowly, or fan-out had to drop something for it; it catches up from the history",
    client_returns="yes",
)
TOO_MANY_CONNECTIONS: Final = CloseCode(
    name="tooManyConnections",
    code=4409,
    reason="Too many connections",
    when="the newest of more than 20 connections of one user",
    client_returns="no",
)

CLOSE_CODES: Final = (
    NORMAL,
    GOING_AWAY,
    UNSUPPORTED,
    NO_STATUS,
    ABNORMAL,
    INVALID_DATA,
    TOO_BIG,
    RESTART,
    TOKEN_EXPIRED,
    SESSIONS_REVOKED,
    BEHIND,
    TOO_MANY_CONNECTIONS,
)
