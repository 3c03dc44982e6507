"""An issuer for tests: keys, tokens of any kind, and its key set on a real local server that can misbehave."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
CLIENT_ID = "client-1"
KID = "key-1"


def private_key(name: str = KID, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key for each name; made once, since making one takes a tenth of a second."""
    return _generated(name, bits)


@cache
def _generated(_name: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(kid: str = KID, key: rsa.RSAPrivateKey | None = None, **changes: object) -> dict[str, Any]:
    """The published key `kid`; a change to None leaves the member out."""
    numbers = RSAAlgorithm.to_jwk((key or private_key(kid)).public_key(), as_dict=True)
    members = {"kty": "RSA", "n": numbers["n"], "e": numbers["e"], "kid": kid, "use": "sig", "alg": "RS256", **changes}
    return {name: value for name, value in members.items() if value is not None}


def jwks(*keys: object) -> bytes:
    """A key set."""
    return json.dumps({"keys": keys or (jwk(),)}).encode()


def claims(**changes: object) -> dict[str, Any]:
    """The claims of a Cognito ID token; a change to None leaves the claim out."""
    now = int(time.time())
    members = {
        "sub": "alice",
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "token_use": "id",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "cognito:username": "alice",
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def token(
    payload: dict[str, Any] | None = None,
    *,
    kid: str | None = KID,
    key: rsa.RSAPrivateKey | None = None,
    header: dict[str, Any] | None = None,
) -> str:
    """A token signed with RS256 by `key`, or by the key named `kid`."""
    headers = {"kid": kid, **(header or {})} if kid is not None else header
    return issued(jwt.encode(payload or claims(), key or private_key(kid or KID), algorithm="RS256", headers=headers))


ISSUED: set[str] = set()
"""Every token that was made here, or that a test got from an issuer: none may be found anywhere afterwards."""


def issued(text: str) -> str:
    """Remember `text`."""
    ISSUED.add(text)
    return text


def part(value: object) -> str:
    """Bytes as they are, text as UTF-8, anything else as JSON: in base64url without padding."""
    raw = value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def assembled(header: object, payload: object, *, key: rsa.RSAPrivateKey | None = None) -> str:
    """A token of exactly these two parts, properly signed."""
    signed = f"{part(header)}.{part(payload)}"
    signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed.encode(), key or private_key())
    return issued(f"{signed}.{part(signature)}")


class KeyServer:
    """What the issuer's key set address answers, and how often it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.requests = 0
        self.document = jwks()
        self.closing = asyncio.Event()
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self.publish

    async def publish(self, _request: web.Request) -> web.Response:
        """The key set as it should be."""
        return web.Response(body=self.document, content_type="application/json")

    async def never(self, _request: web.Request) -> web.Response:
        """No answer until the server closes."""
        await self.closing.wait()
        return web.Response(status=503)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        return await self.answer(request)


@asynccontextmanager
async def key_server() -> AsyncIterator[KeyServer]:
    """A real HTTP server on a free port of the loopback."""
    server = KeyServer()
    application = web.Application()
    application.router.add_get("/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/.well-known/jwks.json"
    try:
        yield server
    finally:
        server.closing.set()
        await runner.cleanup()
