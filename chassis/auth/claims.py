"""The claims of a token whose signature is good → who it is. Pure: no key, no clock of its own (spec 2).

The rules are those of `aws-jwt-verify` 5 with `tokenUse: "id"`, made stricter: `exp` is required, `sub` is a
non-empty string and one that may name a user here.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chassis.auth.errors import Reason, TokenError
from chassis.auth.issuer import IssuerConfig
from contracts.ids import is_id
from contracts.limits import DISPLAY_NAME_CHARACTERS

Claims = Mapping[str, Any]

_NUMBERS: Final = ("exp", "nbf", "iat")
_STRINGS: Final = ("iss", "sub", "aud", "token_use", "scope", "jti")
_NAMES: Final = ("name", "cognito:username")
# Later than this, no date can be written.
_LAST_SECOND: Final = 253_402_300_799.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for. Times are epoch seconds."""

    user_id: str
    name: str
    """For showing; never empty, at most 100 characters."""
    groups: tuple[str, ...]
    issued_at: float | None
    """None where the token does not say."""
    expires_at: float


def verify_claims(claims: Claims, issuer: IssuerConfig, now: float) -> Identity:
    """The identity these claims give at `now` (epoch seconds); raises TokenError with the first rule broken."""
    for reason, holds in _RULES:
        if not holds(claims, issuer, now):
            raise TokenError(reason)
    return Identity(
        user_id=claims["sub"],
        name=_name(claims),
        groups=_groups(claims.get(issuer.groups_claim)),
        issued_at=claims.get("iat"),
        expires_at=min(claims["exp"], _LAST_SECOND),
    )


Rule = Callable[[Claims, IssuerConfig, float], bool]


def _well_typed(claims: Claims, _issuer: IssuerConfig, _now: float) -> bool:
    numbers = all(_is_finite(claims[name]) for name in _NUMBERS if name in claims)
    return numbers and all(isinstance(claims[name], str) for name in _STRINGS if name in claims)


_RULES: Final[tuple[tuple[Reason, Rule], ...]] = (
    ("MALFORMED_CLAIMS", _well_typed),
    ("EXPIRY_MISSING", lambda claims, _issuer, _now: "exp" in claims),
    ("EXPIRED", lambda claims, issuer, now: claims["exp"] + issuer.leeway_s > now),
    ("NOT_YET_VALID", lambda claims, issuer, now: "nbf" not in claims or claims["nbf"] - issuer.leeway_s <= now),
    ("WRONG_ISSUER", lambda claims, issuer, _now: claims.get("iss") == issuer.issuer),
    ("WRONG_USE", lambda claims, issuer, _now: issuer.token_use in (None, claims.get("token_use"))),
    ("WRONG_AUDIENCE", lambda claims, issuer, _now: claims.get("aud") in issuer.client_ids),
    ("BAD_SUBJECT", lambda claims, _issuer, _now: is_id(claims.get("sub", ""))),
)


def _is_finite(value: object) -> bool:
    # A bool is an int to Python, and an int may be too large to be a float.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= 2**63 and math.isfinite(value)


def _name(claims: Claims) -> str:
    for claim in _NAMES:
        name = _shown(claims.get(claim))
        if name:
            return name
    return str(claims["sub"])


def _shown(value: object) -> str:
    """`value` as a display name; empty if it is none."""
    text = value.strip()[:DISPLAY_NAME_CHARACTERS].strip() if isinstance(value, str) else ""
    # JSON can escape half a surrogate pair, which no UTF-8 can hold: it would break every frame with the name.
    return text if not any("\ud800" <= character <= "\udfff" for character in text) else ""


def _groups(value: object) -> tuple[str, ...]:
    return tuple(group for group in value if isinstance(group, str)) if isinstance(value, list) else ()
