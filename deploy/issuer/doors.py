"""What the issuer answers: its keys, what it is, whom the page offers, and tokens."""

import time
from collections.abc import Callable
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from chassis.auth.issuer import WELL_KNOWN
from chassis.loopback import is_local
from deploy.issuer.id_token import Mint, TokenRequest
from deploy.issuer.people import PEOPLE

_REQUEST_BYTES: Final = 4096
_LONGEST_S: Final = 86_400
_NOT_STORED: Final = {"Cache-Control": "no-store"}
_decode = msgspec.json.Decoder(TokenRequest).decode


def application(mint: Mint, path: str, *, allow_remote: bool, clock: Callable[[], float] = time.time) -> Starlette:
    """The issuer's routes under `path` (that of the issuer's address; empty for none)."""
    doors = _Doors(mint, allow_remote, clock)
    routes = [
        Route(WELL_KNOWN, doors.keys),
        Route("/.well-known/openid-configuration", doors.discovery),
        Route("/dev/users", doors.users),
        Route("/dev/token", doors.token, methods=["POST"]),
    ]
    return Starlette(routes=[Mount(path, routes=routes)] if path else routes)


class _Doors:
    def __init__(self, mint: Mint, allow_remote: bool, clock: Callable[[], float]) -> None:
        self._mint = mint
        self._allow_remote = allow_remote
        self._clock = clock

    async def keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self._mint.public_jwk()]}, headers={"Cache-Control": "public, max-age=60"})

    async def discovery(self, _request: Request) -> Response:
        issuer = self._mint.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "jwks_uri": issuer.rstrip("/") + WELL_KNOWN,
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "name", "email"],
            }
        )

    async def users(self, request: Request) -> Response:
        if not self._may(request):
            return _FORBIDDEN
        return JSONResponse({"users": list(PEOPLE)}, headers=_NOT_STORED)

    async def token(self, request: Request) -> Response:
        if not self._may(request):
            return _FORBIDDEN
        asked = _asked(await _body(request))
        if isinstance(asked, str):
            return _refusal(400, "BAD_REQUEST", asked)
        now = int(self._clock())
        answer = {"token": self._mint.token(asked, now), "userId": asked.user}
        return JSONResponse(answer | {"expiresAt": self._mint.claims(asked, now)["exp"]}, headers=_NOT_STORED)

    def _may(self, request: Request) -> bool:
        return self._allow_remote or is_local(request)


def _asked(body: bytes) -> TokenRequest | str:
    """What is asked for, or what is wrong with it."""
    try:
        asked = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f'Send {{"user": NAME}}, and if you like "admin" and "expiresIn": {error}'
    if asked.expires_in is not None and abs(asked.expires_in) > _LONGEST_S:
        return f"expiresIn is at most {_LONGEST_S} seconds"
    return asked


async def _body(request: Request) -> bytes:
    """The body; nothing in place of one that is too long to be a request."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _REQUEST_BYTES:
            return b""
    return bytes(body)


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, status, headers=_NOT_STORED)


_FORBIDDEN: Final = _refusal(
    403,
    "FORBIDDEN",
    "Development tokens are given on this machine only, at 127.0.0.1 or localhost (or see KAIWA_ISSUER_ALLOW_REMOTE)",
)
