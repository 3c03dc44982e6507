"""The `Authorization` header of SigV4 → its parts (spec 6)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.sigv4_errors import InvalidSignature, MissingAuthenticationToken

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_TERMINATOR: Final = "aws4_request"
_PARTS: Final = frozenset({"Credential", "SignedHeaders", "Signature"})
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the header claims; `scope` is date/region/service/aws4_request."""

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """As it stands in the string to sign."""
        return f"{self.date}/{self.region}/{self.service}/{_TERMINATOR}"


def parse_authorization(header: str) -> Authorization:
    """The parts; raises MissingAuthenticationToken for another scheme, InvalidSignature for a malformed header."""
    algorithm, _, rest = header.strip().partition(" ")
    if algorithm != ALGORITHM:
        raise MissingAuthenticationToken(f"Authorization is not {ALGORITHM}")
    parts = _parts(rest)
    key_id, date, region, service = _credential(parts["Credential"])
    if _SIGNATURE.fullmatch(parts["Signature"]) is None:
        raise InvalidSignature("Signature is not 64 lower-case hex digits")
    return Authorization(key_id, date, region, service, _signed_headers(parts["SignedHeaders"]), parts["Signature"])


def _parts(rest: str) -> dict[str, str]:
    pairs = [pair.strip().partition("=") for pair in rest.split(",")]
    parts = {name: value for name, _, value in pairs}
    if parts.keys() != _PARTS or len(pairs) != len(_PARTS):
        raise InvalidSignature("Authorization needs Credential, SignedHeaders and Signature, each once")
    return parts


# A caller names the same key, day and headers again and again: only its signatures differ.
@lru_cache(maxsize=64)
def _credential(text: str) -> tuple[str, str, str, str]:
    parts = text.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != _TERMINATOR:
        raise InvalidSignature(f"Credential is not KEY/DATE/REGION/SERVICE/{_TERMINATOR}")
    return parts[0], parts[1], parts[2], parts[3]


@lru_cache(maxsize=64)
def _signed_headers(text: str) -> tuple[str, ...]:
    names = tuple(text.split(";"))
    # The signer sorts them; two orders for one set would be two signatures for one request.
    if list(names) != sorted(set(names)) or text != text.lower():
        raise InvalidSignature("SignedHeaders are not lower-case, sorted and each once")
    return names
