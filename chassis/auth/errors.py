"""Why a token is refused, as data; never the token itself (spec 2)."""

from types import MappingProxyType
from typing import Final, Literal

Reason = Literal[
    "MALFORMED",
    "TOO_LARGE",
    "WRONG_ALGORITHM",
    "UNSUPPORTED_HEADER",
    "KEY_ID_MISSING",
    "UNKNOWN_KEY",
    "UNSUITABLE_KEY",
    "BAD_SIGNATURE",
    "MALFORMED_CLAIMS",
    "EXPIRY_MISSING",
    "EXPIRED",
    "NOT_YET_VALID",
    "WRONG_ISSUER",
    "WRONG_USE",
    "WRONG_AUDIENCE",
    "BAD_SUBJECT",
    "REVOKED",
]

TEXTS: Final = MappingProxyType[Reason, str](
    {
        "MALFORMED": "The token is not a JSON Web Token",
        "TOO_LARGE": "The token is too large",
        "WRONG_ALGORITHM": "The token must be signed with RS256",
        "UNSUPPORTED_HEADER": "The token's header demands an extension that is not supported",
        "KEY_ID_MISSING": "The token names no key",
        "UNKNOWN_KEY": "The token's key is not one of the issuer's",
        "UNSUITABLE_KEY": "The token's key is not meant for such signatures",
        "BAD_SIGNATURE": "The token's signature is not valid",
        "MALFORMED_CLAIMS": "A claim of the token has the wrong type",
        "EXPIRY_MISSING": "The token has no expiry",
        "EXPIRED": "The token has expired",
        "NOT_YET_VALID": "The token is not valid yet",
        "WRONG_ISSUER": "The token is from another issuer",
        "WRONG_USE": "The token is not an ID token",
        "WRONG_AUDIENCE": "The token is for another client",
        "BAD_SUBJECT": "The token's subject cannot be a user id",
        "REVOKED": "The session has been revoked",
    }
)


class TokenError(Exception):
    """The token is refused, and will be next time: 401, or an ERROR frame."""

    code: Final = "INVALID_TOKEN"
    retryable: Final = False

    def __init__(self, reason: Reason) -> None:
        super().__init__(TEXTS[reason])
        self.reason: Final = reason


class KeysUnavailable(Exception):
    """The issuer's keys could not be fetched, so nobody knows whether the token is good: 503 with Retry-After."""

    code: Final = "UNAVAILABLE"
    retryable: Final = True
