"""The probe's room, over the HTTP API: who the two users are, that both may write, and that both are in it."""

from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from services.probe.failures import ProbeFailed
from services.probe.settings import ProbeSettings
from services.probe.tokens import issued

ADMIN = "probe-admin"


class _Me(msgspec.Struct, rename="camel"):
    user_id: str


class Rooms:
    """Calls of the HTTP API; each raises ProbeFailed."""

    def __init__(self, settings: ProbeSettings, http: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._url = settings.http_api_url.rstrip("/")
        self._http = http

    async def make_ready(self, tokens: tuple[str, str]) -> None:
        """Both users are in the room when it returns; with the local issuer they are approved first. Safe to repeat."""
        people = [await self._user_id(token) for token in tokens]
        if people[0] == people[1]:
            raise ProbeFailed("refused", "both tokens are of one user: give the probe two")
        if self._settings.dev_issuer_url is not None:
            await self._approve(people)
        room = f"/api/rooms/{quote(self._settings.probe_room, safe='')}"
        if await self._status("GET", room, tokens[0]) != 200:
            await self._make(tokens[0], people)
        for user, token in zip(people, tokens, strict=True):
            status = await self._status("GET", room, token)
            if status != 200:
                raise ProbeFailed(
                    "refused", f"{user} is not in the room {self._settings.probe_room} ({status}): add it"
                )

    async def _user_id(self, token: str) -> str:
        status, body = await self._call("GET", "/api/users/me", token)
        if status != 200:
            raise ProbeFailed("refused", f"a token is refused by the HTTP API ({status})")
        try:
            return msgspec.json.decode(body, type=_Me).user_id
        except msgspec.MsgspecError:
            raise ProbeFailed("refused", "KAIWA_HTTP_API_URL is not the HTTP API of Kaiwa") from None

    async def _approve(self, people: list[str]) -> None:
        token = await issued(self._http, self._settings.dev_issuer_url or "", ADMIN, admin=True)
        for user in people:
            profile = {"verificationStatus": "approved", "displayName": user}
            status = await self._status("PUT", f"/api/users/{quote(user, safe='')}/profile", token, profile)
            if status not in {200, 202}:
                raise ProbeFailed("refused", f"{user} cannot be approved ({status})")

    async def _make(self, token: str, people: list[str]) -> None:
        name = self._settings.probe_room
        body = {"name": name, "chatRoomId": name, "participantIds": people}
        status = await self._status("POST", "/api/rooms", token, body)
        if status == 403:
            raise ProbeFailed("refused", f"{people[0]} is not approved: an admin approves both users once")
        # 202: it will be there. 409: another probe was quicker.
        if status not in {200, 201, 202, 409}:
            raise ProbeFailed("refused", f"the room {name} cannot be made ({status})")

    async def _status(self, method: str, path: str, token: str, body: Any = None) -> int:
        return (await self._call(method, path, token, body))[0]

    async def _call(self, method: str, path: str, token: str, body: Any = None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with self._http.request(method, self._url + path, json=body, headers=headers) as answer:
                status, content = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ProbeFailed("unreachable", f"the HTTP API does not answer ({type(error).__name__})") from None
        if status >= 500 or status == 429:
            raise ProbeFailed("unreachable", f"the HTTP API answers {status}")
        return status, content
