"""Stable codes of the HTTP API's refusals (spec 8), as problem+json (RFC 9457)."""

from typing import Final, Literal

ProblemCode = Literal[
    "BAD_REQUEST",
    "UNAUTHENTICATED",
    "VERIFICATION_REQUIRED",
    "FORBIDDEN",
    "NOT_FOUND",
    "ROOM_EXISTS",
    "PAYLOAD_TOO_LARGE",
    "UNPROCESSABLE",
    "TOO_MANY_PARTICIPANTS",
    "THROTTLED",
    "UNAVAILABLE",
    "INTERNAL",
]

STATUS: Final[dict[ProblemCode, int]] = {
    "BAD_REQUEST": 400,
    "UNAUTHENTICATED": 401,
    "VERIFICATION_REQUIRED": 403,
    "FORBIDDEN": 403,
    # A room one is not in looks like one that is not there.
    "NOT_FOUND": 404,
    "ROOM_EXISTS": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "UNPROCESSABLE": 422,
    "TOO_MANY_PARTICIPANTS": 422,
    "THROTTLED": 429,
    "UNAVAILABLE": 503,
    "INTERNAL": 500,
}

OutcomeCode = Literal[
    "OK",
    "CREATED",
    "VERIFICATION_REQUIRED",
    "FORBIDDEN",
    "NOT_A_PARTICIPANT",
    "NOT_FOUND",
    "ROOM_EXISTS",
    "TOO_MANY_PARTICIPANTS",
    "INTERNAL",
]
"""`code` of a COMMAND row: what persistence decided about a command of the HTTP API."""
