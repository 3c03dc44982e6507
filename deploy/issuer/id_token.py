"""ID tokens with Cognito's claims; `sub` is the user's name (spec 13)."""

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm
from msgspec import Struct

from contracts.ids import Id
from deploy.issuer.people import name_of


class TokenRequest(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is asked for at /dev/token."""

    user: Id
    admin: bool = False
    expires_in: int | None = None
    """Seconds; zero or less gives a token that has expired already, to see how it is refused. None: the default."""


@dataclass(frozen=True)
class Mint:
    """Makes tokens of one issuer with one key."""

    issuer: str
    audience: str
    admin_group: str
    lifetime_s: int
    key: RSAPrivateKey = field(repr=False)

    def token(self, request: TokenRequest, now: int) -> str:
        """A signed token, issued at `now` (epoch seconds)."""
        claims = self.claims(request, now)
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.public_jwk()["kid"]})

    def claims(self, request: TokenRequest, now: int) -> dict[str, Any]:
        """What a Cognito ID token says."""
        expires_at = now + (self.lifetime_s if request.expires_in is None else request.expires_in)
        issued_at = min(now, expires_at)
        claims = {
            "sub": request.user,
            "iss": self.issuer,
            "aud": self.audience,
            "token_use": "id",
            "auth_time": issued_at,
            "iat": issued_at,
            "exp": expires_at,
            "jti": str(uuid.uuid4()),
            "cognito:username": request.user,
            "name": name_of(request.user),
            "email": request.user if "@" in request.user else f"{request.user}@example.com",
            "email_verified": True,
        }
        return claims | ({"cognito:groups": [self.admin_group]} if request.admin else {})

    def public_jwk(self) -> dict[str, str]:
        """The public key as it is published; `kid` is its thumbprint (RFC 7638), so another key has another name."""
        numbers = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        members = {"e": numbers["e"], "kty": "RSA", "n": numbers["n"]}
        digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
        kid = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return {**members, "kid": kid, "use": "sig", "alg": "RS256"}
