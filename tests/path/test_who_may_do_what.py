"""Every action × every kind of caller, over WebSocket and HTTP, as one table (spec 1, 3 and 8).

A line is an action, a column a kind of caller, a cell what that caller gets.
"""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from tests.people import ALL_FEATURES, Connection, Town
from tests.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.engine]

CALLERS = ("creator", "member", "pending", "ex", "stranger", "admin", "anonymous")
"""pending: a participant who is not approved; ex: was a participant; admin: in the group, and in no room."""


@dataclass
class World:
    """A room and its people."""

    town: Town
    names: Mapping[str, str]
    room: str
    watcher: Connection
    """Another member's connection, which sees what the room sees."""
    sockets: Mapping[str, Connection]

    async def http(self, caller: str, method: str, path: str, body: object = None) -> int:
        if caller == "anonymous":
            url = self.town.cluster["httpApiUrl"].rstrip("/") + path
            async with aiohttp.request(method, url, json=body) as answer:
                return answer.status
        return (await self.town.call(self.names[caller], method, path, body, admin=caller == "admin"))[0]

    async def of_one_s_own(self) -> str:
        """A room like the shared one, for what changes it."""
        return await furnished(self.town, self.names)


def unique(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


async def furnished(town: Town, names: Mapping[str, str]) -> str:
    room = await town.room(names["creator"], names["member"], names["pending"], names["ex"], names["watcher"])
    status, answer = await town.call(names["creator"], "DELETE", f"/api/rooms/{room}/participants/{names['ex']}")
    assert status == 200, answer
    return room


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(cluster: Mapping[str, Any]) -> AsyncIterator[World]:
    async with Town.of(cluster) as town:
        kinds = [caller for caller in CALLERS if caller != "anonymous"]
        names = {kind: unique(kind) for kind in [*kinds, "watcher", "victim"]}
        for kind, name in names.items():
            await town.person(name, "pending" if kind == "pending" else "approved")
        room = await furnished(town, names)
        sockets = {kind: await town.connect(names[kind], features=ALL_FEATURES) for kind in [*kinds, "watcher"]}
        await sockets["creator"].say(room, "first", key="first")
        await sockets["watcher"].got("MESSAGE", chatRoomId=room, content="first")
        yield World(town, names, room, sockets["watcher"], sockets)
        for socket in sockets.values():
            await socket.close()


Do = Callable[[World, str], Awaitable[object]]


async def send_message(world: World, caller: str) -> object:
    key, socket = unique("k"), world.sockets[caller]
    await socket.say(world.room, f"from {caller}", key=key)
    answer: Any = await eventually(lambda: _answers(socket, key), within_s=15)
    return answer


def _answers(socket: Connection, key: str) -> str | None:
    """What came for a request besides its ACK."""
    for frame in socket.frames:
        if frame.get("clientMessageId") == key and frame["type"] != "ACK":
            return str(frame.get("code", frame["type"]))
    return None


async def mark_read(world: World, caller: str) -> object:
    room, socket = await world.of_one_s_own(), world.sockets[caller]
    await world.sockets["creator"].say(room, "to be read", key=unique("k"))
    await world.watcher.got("MESSAGE", chatRoomId=room)
    await socket.send(action="markRead", chatRoomId=room, seq=1)
    return await _seen_by_the_watcher(world, caller, "READ", room)


async def typing(world: World, caller: str) -> object:
    room = await world.of_one_s_own()
    await world.sockets["creator"].say(room, "wakes the room", key=unique("k"))
    await world.watcher.got("MESSAGE", chatRoomId=room)
    await world.sockets[caller].send(action="typing", chatRoomId=room)
    return await _seen_by_the_watcher(world, caller, "TYPING", room)


async def _seen_by_the_watcher(world: World, caller: str, kind: str, room: str) -> str:
    """Whether the watcher is told of it before it is told of what the creator does after that."""
    # Twice, since a signal and a message travel in two topics.
    for number in range(2):
        await world.sockets["creator"].say(room, f"after {number}", key=unique("k"))
        await world.watcher.got("MESSAGE", chatRoomId=room, content=f"after {number}")
    if caller in {"creator", "member", "pending"}:
        await world.watcher.got(kind, chatRoomId=room, userId=world.names[caller])
    return "seen" if world.watcher.of(kind, chatRoomId=room, userId=world.names[caller]) else "nothing"


async def ping(world: World, caller: str) -> object:
    name, socket = unique("ping"), world.sockets[caller]
    await socket.send(action="ping", id=name)
    return (await socket.got("PONG", id=name))[0]["type"]


async def refresh_with_own(world: World, caller: str) -> object:
    return await _refreshed(world, caller, await world.town.token(world.names[caller]))


async def refresh_with_another_s(world: World, caller: str) -> object:
    return await _refreshed(world, caller, await world.town.token(world.names["victim"]))


async def _refreshed(world: World, caller: str, token: str) -> object:
    socket = world.sockets[caller]
    seen = len(socket.frames)
    await socket.send(action="refreshToken", token=token)
    wanted = ("TOKEN_REFRESHED", "INVALID_TOKEN")
    answer: Any = await eventually(
        lambda: next((k for f in socket.frames[seen:] if (k := f.get("code", f["type"])) in wanted), None)
    )
    return answer


async def connect_anonymously(world: World) -> object:
    from websockets.asyncio.client import connect

    with pytest.raises(InvalidStatus) as caught:
        await connect(world.town.cluster["websocketUrl"])
    return caught.value.response.status_code


def asks(method: str, path: str, body: Callable[[World, str], object] | None = None) -> Do:
    """An HTTP call; `{room}`, `{own}`, `{me}` and people's kinds in the path are filled in."""

    async def do(world: World, caller: str) -> object:
        names = {**world.names, "me": world.names.get(caller, "nobody"), "room": world.room}
        if "{own}" in path:
            names["own"] = await world.of_one_s_own()
        return await world.http(caller, method, path.format(**names), body(world, caller) if body else None)

    return do


def named(_world: World, _caller: str) -> object:
    return {"name": "a room", "participantIds": []}


def display(_world: World, caller: str) -> object:
    return {"displayName": f"{caller} renamed"}


def approve(_world: World, caller: str) -> object:
    return {"verificationStatus": "pending" if caller == "pending" else "approved"}


NOT_IN, MUST_VERIFY = "NOT_A_PARTICIPANT", "VERIFICATION_REQUIRED"
TABLE: dict[str, tuple[Do, tuple[object, ...]]] = {
    #                                  creator    member     pending      ex         stranger   admin
    "sendMessage": (send_message,     ("MESSAGE", "MESSAGE", MUST_VERIFY, NOT_IN,    NOT_IN,    NOT_IN)),
    "markRead": (mark_read,           ("seen",    "seen",    "seen",      "nothing", "nothing", "nothing")),
    "typing": (typing,                ("seen",    "seen",    "seen",      "nothing", "nothing", "nothing")),
    "ping": (ping,                    ("PONG",) * 6),
    "refreshToken, one's own": (refresh_with_own, ("TOKEN_REFRESHED",) * 6),
    "refreshToken, another's": (refresh_with_another_s, ("INVALID_TOKEN",) * 6),
    #                                                       creator, member, pending, ex, stranger, admin, anonymous
    "see one's rooms": (asks("GET", "/api/rooms"),                           (200, 200, 200, 200, 200, 200, 401)),
    "see the room": (asks("GET", "/api/rooms/{room}"),                       (200, 200, 200, 404, 404, 404, 401)),
    "read the history": (asks("GET", "/api/rooms/{room}/messages?after=0"),  (200, 200, 200, 404, 404, 404, 401)),
    "see who is there": (asks("GET", "/api/rooms/{room}/presence"),          (200, 200, 200, 404, 404, 404, 401)),
    "make a room": (asks("POST", "/api/rooms", named),                       (201, 201, 403, 201, 201, 201, 401)),
    "add somebody": (asks("PUT", "/api/rooms/{own}/participants/{victim}"),  (200, 200, 403, 404, 404, 404, 401)),
    "add oneself": (asks("PUT", "/api/rooms/{own}/participants/{me}"),       (200, 200, 403, 404, 404, 404, 401)),
    "remove another": (asks("DELETE", "/api/rooms/{own}/participants/{watcher}"), (200, 403, 403, 404, 404, 200, 401)),
    "leave": (asks("DELETE", "/api/rooms/{own}/participants/{me}"),          (200, 200, 200, 200, 200, 200, 401)),
    "see oneself": (asks("GET", "/api/users/me"),                            (200, 200, 200, 200, 200, 200, 401)),
    "find people": (asks("GET", "/api/users?query=a"),                       (200, 200, 200, 200, 200, 200, 401)),
    "name oneself": (asks("PUT", "/api/users/{me}/profile", display),        (200, 200, 200, 200, 200, 200, 401)),
    "name another": (asks("PUT", "/api/users/{victim}/profile", display),    (403, 403, 403, 403, 403, 200, 401)),
    "approve oneself": (asks("PUT", "/api/users/{me}/profile", approve),     (403, 403, 403, 403, 403, 200, 401)),
    "approve another": (asks("PUT", "/api/users/{victim}/profile", approve), (403, 403, 403, 403, 403, 200, 401)),
    "revoke sessions": (asks("DELETE", "/api/users/{victim}/sessions"),      (403, 403, 403, 403, 403, 204, 401)),
    "ask for an outcome": (asks("GET", f"/api/commands/{uuid.uuid4()}"),     (202, 202, 202, 202, 202, 202, 401)),
}  # fmt: skip
CELLS = [
    pytest.param(do, caller, expected, id=f"{action}: {caller}")
    for action, (do, row) in TABLE.items()
    for caller, expected in zip(CALLERS, row, strict=False)
]


@pytest.mark.parametrize(("do", "caller", "expected"), CELLS)
async def test_a_cell(world: World, do: Do, caller: str, expected: object) -> None:
    assert await do(world, caller) == expected


async def test_nobody_connects_without_a_token(world: World) -> None:
    assert await connect_anonymously(world) == 401


async def test_the_table_has_every_action_and_every_endpoint(world: World) -> None:
    from contracts.client_frames import ACTIONS

    assert {action.partition(",")[0] for action in list(TABLE)[:6]} == set(ACTIONS)
    async with aiohttp.request("GET", world.town.cluster["httpApiUrl"].rstrip("/") + "/api/openapi.json") as answer:
        document = await answer.json()
    operations = sum(len(operations) for operations in document["paths"].values())
    assert operations == ENDPOINTS, "a new endpoint needs its line in the table"


ENDPOINTS = 12
