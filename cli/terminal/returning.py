"""A connection ended, or a handshake was refused: does the client come back by itself, and when (spec 7, 10)? Pure."""

from __future__ import annotations

from contracts.close_codes import CLOSE_CODES, SESSIONS_REVOKED, TOO_BIG, TOO_MANY_CONNECTIONS, UNSUPPORTED

STEPS_S = (1.0, 2.0, 4.0, 8.0, 16.0)
LATER_S = (30.0, 60.0)
JITTER = 0.25
STABLE_S = 10.0
"""A connection that lasted so long makes the next try the first one again; one that is closed at once does not."""

_BY_CODE = {close.code: close for close in CLOSE_CODES}
_WHY_NOT = {
    UNSUPPORTED.code: "The server does not take this kind of data from here.",
    TOO_BIG.code: "What was sent is too big for the server.",
    SESSIONS_REVOKED.code: "An admin has ended your sessions: sign in again.",
    TOO_MANY_CONNECTIONS.code: "You are connected too many times: close another window first.",
}
_REFUSED_FOR_GOOD = {403, 404, 426}


def pause_s(tries: int, chance: float) -> float:
    """Seconds before try number `tries` (from 1): 1, 2, 4, 8, 16 with jitter, later 30 to 60. `chance` is in [0, 1)."""
    if tries <= len(STEPS_S):
        return STEPS_S[tries - 1] * (1 - JITTER + 2 * JITTER * chance)
    return LATER_S[0] + (LATER_S[1] - LATER_S[0]) * chance


def is_giving_up_hope(tries: int) -> bool:
    """Whether to say that it is taking long: five tries were in vain."""
    return tries == len(STEPS_S) + 1


def why_not_after_close(code: int, reason: str) -> str | None:
    """A sentence if this close is final; None if the client comes back. Codes that nobody declared come back."""
    close = _BY_CODE.get(code)
    if close is None or close.client_returns not in {"no", "after a new sign-in"}:
        return None
    return _WHY_NOT.get(code) or f"The server has closed the connection: {reason or close.reason}."


def why_not_after_refusal(status: int, message: str, *, can_renew: bool) -> str | None:
    """A sentence if a handshake refused with this status is final; None if it may succeed later.

    `can_renew`: another token may be got, which may be taken.
    """
    if status == 401:
        return None if can_renew else f"The server does not accept the token: {message}."
    if status in _REFUSED_FOR_GOOD:
        return f"The server refuses the connection ({status}): {message}."
    return None
