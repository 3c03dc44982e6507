"""An OpenID Connect issuer that hands out the local issuer's tokens, to whoever keeps to RFC 6749 and RFC 7636."""

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Tokens = Callable[[], Awaitable[str]]


class Issuer:
    """Authorization code with PKCE, public clients, refresh tokens; signs everybody in at once."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._challenges: dict[str, str] = {}
        self._runner: web.AppRunner | None = None
        self.asked: list[dict[str, str]] = []
        """The parameters of each authorization request and token request."""
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        app.router.add_post("/revoke", self._revoke)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _discovery(self, _request: web.Request) -> web.Response:
        doors = {f"{name}_endpoint": f"{self.url}/{path}" for name, path in _DOORS.items()}
        return _open({"issuer": self.url, **doors})

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self.asked.append(asked)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._challenges[code] = asked["code_challenge"]
        raise web.HTTPFound(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    async def _token(self, request: web.Request) -> web.Response:
        asked = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(asked)
        if asked["grant_type"] == "authorization_code":
            digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
            assert self._challenges.pop(asked["code"]) == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        token = await self._tokens()
        return _open(
            {"access_token": "a", "id_token": token, "refresh_token": "r", "token_type": "Bearer", "expires_in": 90}
        )

    async def _revoke(self, _request: web.Request) -> web.Response:
        return _open({})


_DOORS = {"authorization": "authorize", "token": "token", "revocation": "revoke"}


def _open(body: dict[str, Any]) -> web.Response:
    return web.json_response(body, headers={"Access-Control-Allow-Origin": "*"})
