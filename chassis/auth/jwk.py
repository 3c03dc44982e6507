"""Published keys → RSA public keys (spec 2)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from chassis.auth.errors import KeysUnavailable
from chassis.auth.token import ALGORITHM

# RFC 7518, section 3.3: "A key of size 2048 bits or larger MUST be used".
_SMALLEST_KEY_BITS: Final = 2048

Keys = Mapping[str, RSAPublicKey | None]
"""By `kid`. None: published, but not for signatures of ours."""


def keys_of(document: bytes) -> Keys:
    """The keys of a key set; of two with one `kid` the first counts.

    Raises KeysUnavailable for what is no key set, or an empty one: an issuer that publishes no key is broken, and
    taking its word would sign everybody out.
    """
    try:
        published = json.loads(document)["keys"]
        named = [jwk for jwk in published if isinstance(jwk, dict) and isinstance(jwk.get("kid"), str)]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise KeysUnavailable("the issuer's answer is not a key set") from None
    if not named:
        raise KeysUnavailable("the issuer's key set is empty")
    return {jwk["kid"]: _public_key(jwk) for jwk in reversed(named)}


def _public_key(jwk: Mapping[str, Any]) -> RSAPublicKey | None:
    if not _is_for_signatures(jwk):
        return None
    try:
        # Only the public numbers: whatever else is published, no private key is built.
        key = RSAAlgorithm.from_jwk({name: jwk[name] for name in ("kty", "n", "e")})
    except (InvalidKeyError, ValueError, LookupError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= _SMALLEST_KEY_BITS else None


def _is_for_signatures(jwk: Mapping[str, Any]) -> bool:
    # `alg` may be absent, as in aws-jwt-verify 5; then the header's, which is RS256, is what it is.
    return jwk.get("kty") == "RSA" and jwk.get("use", "sig") == "sig" and jwk.get("alg", ALGORITHM) == ALGORITHM
