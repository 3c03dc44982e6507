"""The HTTP API (spec 8), as far as a chat client needs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from contracts.presence import PresenceStatus
from contracts.server_frames import MessageFrame

TIMEOUT_S = 10.0
FIRST_PAGE = 50
NEXT_PAGE = 200


class ApiRefusedError(Exception):
    """The API said no; the text is its own."""

    retryable = False

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class ApiUnavailableError(Exception):
    """The API does not answer, or not now."""

    code = "UNAVAILABLE"
    retryable = True


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    pass


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a room's history, ascending, as the frames that were or will be pushed."""

    messages: list[MessageFrame]
    has_more: bool


class Person(_Answer, frozen=True):
    """Somebody in a room."""

    user_id: str
    display_name: str
    last_read_seq: int | None = None


class Room(_Answer, frozen=True):
    """A room and its people."""

    chat_room_id: str
    name: str
    participants: list[Person] = []


class Summary(_Answer, frozen=True):
    """One of my rooms."""

    chat_room_id: str
    name: str
    unread: int
    participant_count: int


class Seen(_Answer, frozen=True):
    """Whether somebody is online."""

    user_id: str
    status: PresenceStatus
    version: int
    last_seen_at: str = ""


class Me(_Answer, frozen=True):
    """Who the token is for."""

    user_id: str
    display_name: str
    verification_status: str


class _Page(_Answer, frozen=True):
    # The fields of MESSAGE frames without their `type`: made whole below.
    messages: list[dict[str, Any]]
    has_more: bool


class _Rooms(_Answer, frozen=True):
    rooms: list[Summary]


class _Presence(_Answer, frozen=True):
    presence: list[Seen]


class _Problem(msgspec.Struct):
    code: str = "INTERNAL"
    detail: str = ""


Shape = TypeVar("Shape")


class HttpApi:
    """Use it as a context; every call ends within 10 s and raises ApiRefusedError or ApiUnavailableError."""

    def __init__(self, url: str, token: Callable[[], Awaitable[str]]) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> HttpApi:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def me(self) -> Me:
        """Who I am; the first call makes my profile."""
        return await self._ask(Me, "GET", "users/me")

    async def rooms(self) -> list[Summary]:
        """My rooms, newest message first."""
        return (await self._ask(_Rooms, "GET", "rooms")).rooms

    async def room(self, chat_room_id: str) -> Room:
        """A room that I am in."""
        return await self._ask(Room, "GET", f"rooms/{quote(chat_room_id, safe='')}")

    async def presence(self, chat_room_id: str) -> list[Seen]:
        """Who of the room is online."""
        return (await self._ask(_Presence, "GET", f"rooms/{quote(chat_room_id, safe='')}/presence")).presence

    async def messages(self, chat_room_id: str, after: int | None) -> Page:
        """What follows the message of time `after`; the newest page without one."""
        where = f"rooms/{quote(chat_room_id, safe='')}/messages"
        asked = f"limit={FIRST_PAGE}" if after is None else f"after={after}&limit={NEXT_PAGE}"
        page = await self._ask(_Page, "GET", f"{where}?{asked}")
        return Page([_frame(message) for message in page.messages], page.has_more)

    async def create(self, chat_room_id: str, people: Sequence[str]) -> Room:
        """A room with these people and me; the same request again has the same answer."""
        body = {"name": chat_room_id, "chatRoomId": chat_room_id, "participantIds": list(people)}
        return await self._ask(Room, "POST", "rooms", body)

    async def add(self, chat_room_id: str, user_id: str) -> None:
        """Put somebody into a room."""
        await self._ask(Any, "PUT", _participant(chat_room_id, user_id))

    async def remove(self, chat_room_id: str, user_id: str) -> None:
        """Take somebody, or oneself, out of a room."""
        await self._ask(Any, "DELETE", _participant(chat_room_id, user_id))

    async def _ask(self, shape: type[Shape], method: str, path: str, body: Any = None) -> Shape:
        if self._session is None:
            raise RuntimeError("use it as a context")
        headers = {"Authorization": f"Bearer {await self._token()}"}
        try:
            async with self._session.request(method, f"{self.url}/api/{path}", json=body, headers=headers) as answer:
                status, content = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiUnavailableError(f"{self.url} does not answer ({type(error).__name__})") from None
        return _read(shape, status, content)


def _frame(message: dict[str, Any]) -> MessageFrame:
    return msgspec.convert({**message, "type": "MESSAGE"}, MessageFrame)


def _participant(chat_room_id: str, user_id: str) -> str:
    return f"rooms/{quote(chat_room_id, safe='')}/participants/{quote(user_id, safe='')}"


def _read(shape: type[Shape], status: int, content: bytes) -> Shape:
    try:
        if status == 202:
            raise ApiUnavailableError("the server has taken it and is still busy with it; it will be done")
        if 200 <= status < 300:
            return msgspec.json.decode(content, type=shape)
        problem = msgspec.json.decode(content, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ApiUnavailableError(f"the server answered {status} with something unreadable") from None
    if status in {429, 503}:
        raise ApiUnavailableError(problem.detail or f"the server answered {status}")
    raise ApiRefusedError(status, problem.code, problem.detail or f"the server answered {status}")
