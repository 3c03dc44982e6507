"""People of a running cluster, as tests need them: they sign in, connect, chat, and remember every frame they got."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from aiokafka import ConsumerRecord
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.tokens import issued
from tests.topic_records import topic_records
from tests.waiting import eventually

ALL_FEATURES = "presence,read,typing,rooms"
Frame = dict[str, Any]


class Connection:
    """One WebSocket of one person."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self.closed: tuple[int, str] | None = None
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                self.frames.append(json.loads(text))
        self.closed = (self.socket.close_code or 1006, self.socket.close_reason or "")

    async def send(self, **frame: object) -> None:
        await self.socket.send(json.dumps(frame))

    async def say(self, room: str, content: str, key: str | None = None) -> None:
        extra = {} if key is None else {"clientMessageId": key}
        await self.send(action="sendMessage", chatRoomId=room, content=content, **extra)

    def of(self, kind: str, **fields: object) -> list[Frame]:
        """The frames got so far of a type, with these fields."""
        return [f for f in self.frames if f["type"] == kind and fields.items() <= f.items()]

    async def got(self, kind: str, *, within_s: float = 15.0, count: int = 1, **fields: object) -> list[Frame]:
        """Wait for `count` frames of a type with these fields; returns them."""
        found: list[Frame] = await eventually(
            lambda: frames if len(frames := self.of(kind, **fields)) >= count else None, within_s=within_s
        )
        return found

    async def ended(self) -> None:
        """Return when the connection is over."""
        await asyncio.gather(self._reader, return_exceptions=True)

    async def end(self, *, within_s: float = 10.0) -> int:
        """Wait until the other side has closed it; returns the close code."""
        await eventually(lambda: self.closed, within_s=within_s)
        return self.closed[0] if self.closed else 0

    async def close(self) -> None:
        await self.socket.close()
        await asyncio.gather(self._reader, return_exceptions=True)

    def vanish(self) -> None:
        """Cut the TCP connection without a closing handshake."""
        self.socket.transport.abort()


class Town:
    """A cluster, its sign-in and its HTTP API."""

    def __init__(self, cluster: Mapping[str, Any], http: aiohttp.ClientSession) -> None:
        self.cluster = cluster
        self._http = http
        self._tokens: dict[tuple[str, bool], str] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def of(cls, cluster: Mapping[str, Any]) -> AsyncIterator[Self]:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:
            yield cls(cluster, http)

    async def token(self, user: str, *, admin: bool = False) -> str:
        if (user, admin) not in self._tokens:
            url = f"{self.cluster['issuer']}/dev/token"
            async with self._http.post(url, json={"user": user, "admin": admin}) as answer:
                self._tokens[user, admin] = issued((await answer.json())["token"])
        return self._tokens[user, admin]

    async def call(
        self, user: str, method: str, path: str, body: object = None, *, admin: bool = False
    ) -> tuple[int, Any]:
        """One call of the HTTP API as `user`; the status and the JSON answer."""
        headers = {"Authorization": f"Bearer {await self.token(user, admin=admin)}"}
        url = self.cluster["httpApiUrl"].rstrip("/") + path
        async with self._http.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def person(self, user: str, status: str = "approved") -> str:
        """A user with a profile; returns the id."""
        fields = {"displayName": user.title(), "verificationStatus": status}
        code, answer = await self.call("root", "PUT", f"/api/users/{user}/profile", fields, admin=True)
        assert code == 200, answer
        return user

    async def room(self, creator: str, *others: str) -> str:
        """A room of its own for one test; returns the id."""
        name = f"r-{uuid.uuid4().hex[:10]}"
        body = {"name": name, "chatRoomId": name, "participantIds": list(others)}
        code, answer = await self.call(creator, "POST", "/api/rooms", body)
        assert code in {200, 201}, answer
        return name

    async def history(self, user: str, room: str) -> list[Frame]:
        """All messages of a room, from the API."""
        messages: list[Frame] = []
        while True:
            after = messages[-1]["timestamp"] if messages else 0
            code, page = await self.call(user, "GET", f"/api/rooms/{room}/messages?after={after}&limit=200")
            assert code == 200, page
            messages += page["messages"]
            if not page["hasMore"]:
                return messages

    async def connect(
        self, user: str, *, gateway: str = "gateway-1", features: str = "", wait: bool = True
    ) -> Connection:
        """A connection through one gateway; `wait`: until presence knows it."""
        base = self.cluster["processes"][gateway]["websocketUrl"]
        query = {"token": await self.token(user)} | ({"features": features} if features else {})
        socket = await connect(f"{base}?{urlencode(query)}", compression=None, max_size=None, open_timeout=30)
        connection = Connection(socket)
        if wait:
            await eventually(lambda: self.is_online(user), within_s=20)
        return connection

    async def is_online(self, user: str) -> bool:
        return any(row["SK"]["S"].startswith("CONNECTION#") for row in await self.rows(f"USER#{user}"))

    def described(self) -> Mapping[str, Any]:
        """cluster.json as it is now: a restart changes process ids."""
        path = self.cluster.get("path")
        return self.cluster if path is None else json.loads(Path(path).read_text())

    async def is_ready(self, health_url: str) -> bool:
        """Whether a process says that it takes work."""
        try:
            async with self._http.get(health_url.replace("/healthz", "/readyz")) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def dead_letters(self) -> list[ConsumerRecord]:
        """What was put aside; without the notes of what became of it (docs/decisions/0033)."""
        found = await self.records("chat.dead-letters")
        return [one for one in found if "kaiwa-topic" in dict(one.headers)]

    async def records(self, topic: str) -> list[ConsumerRecord]:
        """All records that a topic holds now, read with a plain consumer."""
        return await topic_records({"bootstrap_servers": self.cluster["kafkaBootstrap"]}, topic)

    async def rows(self, pk: str, begins_with: str = "") -> list[dict[str, Any]]:
        """Items of the table under one partition key, read with boto3 alone."""
        return await asyncio.to_thread(self._rows, pk, begins_with)

    def _rows(self, pk: str, begins_with: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.table().query(
            TableName=self.cluster["table"],
            ConsistentRead=True,
            KeyConditionExpression="PK = :p" + (" AND begins_with(SK, :s)" if begins_with else ""),
            ExpressionAttributeValues={":p": {"S": pk}} | ({":s": {"S": begins_with}} if begins_with else {}),
        )["Items"]
        return found

    def table(self) -> Any:
        """A plain boto3 client of the table's engine."""
        import boto3

        return boto3.client(
            "dynamodb",
            endpoint_url=self.cluster["dynamodbEndpoint"],
            region_name=self.cluster["region"],
            aws_access_key_id=self.cluster["accessKeyId"],
            aws_secret_access_key=self.cluster["secretAccessKey"],
        )


class Closing:
    """Closes connections at the end of a test."""

    def __init__(self) -> None:
        self._open: list[Connection] = []

    async def __aenter__(self) -> Callable[[Connection], Connection]:
        def keep(connection: Connection) -> Connection:
            self._open.append(connection)
            return connection

        return keep

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(connection.close() for connection in self._open), return_exceptions=True)
