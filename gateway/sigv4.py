"""Whether a request to the connection API is signed by a key of ours: AWS Signature Version 4 (spec 6). Pure.

    sigv4_authorization.py   the Authorization header
    sigv4_canonical.py       the request as it was signed
    sigv4_errors.py          the refusals

Signatures in the query string (presigned addresses) are not accepted: such an address is a password that anybody who
reads an access log can use until it expires, and no client of this API makes one.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

from contracts.connection_api import SIGNING_SERVICE, SKEW_S
from gateway.sigv4_authorization import ALGORITHM, Authorization, parse_authorization
from gateway.sigv4_canonical import Headers, canonical_request, payload_hash
from gateway.sigv4_errors import InvalidSignature, MissingAuthenticationToken, UnrecognizedClient

Action = Literal["post", "get", "delete", "bulk"]
ALL_ACTIONS: Final[frozenset[Action]] = frozenset({"post", "get", "delete", "bulk"})

_DATE_SHAPE: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it was sent: `raw_path` and `raw_query` undecoded, headers as ASGI gives them."""

    method: str
    raw_path: bytes
    raw_query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """An access key and what it may do."""

    key_id: str
    secret: str = field(repr=False)
    actions: frozenset[Action] = ALL_ACTIONS

    def allows(self, action: Action) -> bool:
        """Whether the key may do this."""
        return action in self.actions


def verify(request: SignedRequest, keys: Mapping[str, Key], region: str, now: float) -> Key:
    """The key that signed `request` for `execute-api` in `region`, at most 5 min from `now` (epoch seconds).

    Raises MissingAuthenticationToken, UnrecognizedClient or InvalidSignature. `keys` is by key id. What the key may do
    is for the caller to ask. A request that is sent again within the 5 min is accepted again, as AWS does.
    """
    headers = _by_name(request.headers)
    authorization = parse_authorization(_authorization(headers))
    key = keys.get(authorization.key_id)
    if key is None:
        raise UnrecognizedClient("no such access key")
    _check_scope(authorization, region)
    date = _checked_date(authorization, headers, now)
    _check_all_is_signed(authorization, headers)
    signed = canonical_request(
        request.method,
        request.raw_path,
        request.raw_query,
        headers,
        authorization.signed_headers,
        _checked_payload_hash(request.body, headers),
    )
    _check_signature(authorization, date, signed, key)
    return key


def _by_name(headers: Sequence[tuple[bytes, bytes]]) -> Headers:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _authorization(headers: Headers) -> str:
    match headers.get("authorization"):
        case None:
            raise MissingAuthenticationToken("no Authorization header; signatures in the query are not accepted")
        case [header]:
            return header
        case _:
            raise InvalidSignature("more than one Authorization header")


def _check_scope(authorization: Authorization, region: str) -> None:
    if authorization.region != region:
        raise InvalidSignature(f"Credential should be scoped to the region {region!r}")
    if authorization.service != SIGNING_SERVICE:
        raise InvalidSignature(f"Credential should be scoped to the service {SIGNING_SERVICE!r}")


def _checked_date(authorization: Authorization, headers: Headers, now: float) -> str:
    """`x-amz-date`, if it is near and of the scope's day."""
    dates = headers.get("x-amz-date", ())
    if len(dates) != 1:
        raise InvalidSignature("X-Amz-Date is needed, once")
    if abs(_seconds(dates[0]) - now) > SKEW_S:
        raise InvalidSignature(f"Signature expired or not yet current: X-Amz-Date is more than {SKEW_S} s away")
    if authorization.date != dates[0][:8]:
        raise InvalidSignature("Credential is scoped to another day than X-Amz-Date")
    return dates[0]


def _seconds(date: str) -> float:
    # fromisoformat alone would take other forms, too. strptime costs 20 times as much.
    if _DATE_SHAPE.fullmatch(date) is None:
        raise InvalidSignature("X-Amz-Date is not like 20240102T030405Z")
    try:
        return datetime.fromisoformat(date).timestamp()
    except ValueError:
        raise InvalidSignature("X-Amz-Date is no date") from None


def _check_all_is_signed(authorization: Authorization, headers: Headers) -> None:
    signed = set(authorization.signed_headers)
    if not signed <= headers.keys():
        raise InvalidSignature("a signed header was not sent")
    must = {name for name in headers if name.startswith("x-amz-")} | {"host"}
    if not must <= signed:
        raise InvalidSignature("Host and every X-Amz-* header must be signed")


def _checked_payload_hash(body: bytes, headers: Headers) -> str:
    """The body's hash. A request that names another, or none (UNSIGNED-PAYLOAD), leaves its body unsigned."""
    actual = payload_hash(body)
    if any(claimed != actual for claimed in headers.get("x-amz-content-sha256", ())):
        raise InvalidSignature("X-Amz-Content-SHA256 is not the hash of the body")
    return actual


def _check_signature(authorization: Authorization, date: str, signed: bytes, key: Key) -> None:
    to_sign = "\n".join((ALGORITHM, date, authorization.scope, hashlib.sha256(signed).hexdigest()))
    signing_key = _signing_key(key.secret, authorization.date, authorization.region, authorization.service)
    expected = hmac.digest(signing_key, to_sign.encode(), "sha256").hex()
    if not hmac.compare_digest(expected, authorization.signature):
        raise InvalidSignature("the signature does not match")


@lru_cache(maxsize=64)
def _signing_key(secret: str, *scope: str) -> bytes:
    signing_key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        signing_key = hmac.digest(signing_key, part.encode(), "sha256")
    return signing_key
