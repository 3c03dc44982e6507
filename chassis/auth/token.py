"""The text of a token → its parts (spec 2). Nothing here is believed yet: no key has been seen."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from chassis.auth.errors import TokenError

TOKEN_BYTES: Final = 16_384
ALGORITHM: Final = "RS256"

# aws-jwt-verify 5 lets base64's padding through, so do we. `\Z`, because `$` lets a newline through.
_PARTS: Final = re.compile(r"([A-Za-z0-9_-]+={0,2})\.([A-Za-z0-9_-]+={0,2})\.([A-Za-z0-9_-]+={0,2})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class ParsedToken:
    """What a token says of itself. `jku`, `x5u`, `jwk` and `x5c` of its header are not even read."""

    kid: str
    claims: dict[str, Any] = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def parse(token: str) -> ParsedToken:
    """The parts of `token`; raises TokenError, also for every algorithm but RS256."""
    if len(token) > TOKEN_BYTES:
        raise TokenError("TOO_LARGE")
    match = _PARTS.match(token)
    if match is None:
        raise TokenError("MALFORMED")
    header_part, claims_part, signature_part = match.groups()
    return ParsedToken(
        kid=_kid(_json(header_part)),
        claims=_json(claims_part),
        signed=f"{header_part}.{claims_part}".encode("ascii"),
        signature=_decoded(signature_part),
    )


def _kid(header: dict[str, Any]) -> str:
    if header.get("alg") != ALGORITHM:
        raise TokenError("WRONG_ALGORITHM")
    # RFC 7515: who does not understand an extension named here must refuse. We understand none.
    if "crit" in header:
        raise TokenError("UNSUPPORTED_HEADER")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenError("KEY_ID_MISSING")
    return kid


def _json(part: str) -> dict[str, Any]:
    try:
        text = _decoded(part).decode("utf-8")
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise TokenError("MALFORMED") from None
    if not isinstance(value, dict):
        raise TokenError("MALFORMED")
    return value


def _decoded(part: str) -> bytes:
    bare = part.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        raise TokenError("MALFORMED") from None


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    # Of two values for one name, another reader might take the other one.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
