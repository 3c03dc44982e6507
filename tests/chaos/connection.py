"""One WebSocket of one person, which writes all that it sees into the journal."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.chaos.journal import Acked, AnyEntry, Closed, Received, Refused, Sent
from tests.chaos.oracle.rooms import tag_of

Frame = dict[str, Any]
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class Book(Protocol):
    """Where entries go, and what time it is for them."""

    def note(self, entry: AnyEntry) -> None:
        """Write it down."""

    def now(self) -> float:
        """The journal's time."""


class Line:
    """An open connection. `hear` gets every frame after it was written down."""

    def __init__(
        self, number: int, socket: ClientConnection, book: Book, hear: Callable[["Line", Frame], None]
    ) -> None:
        self.number = number
        self._socket = socket
        self._book = book
        self._hear = hear
        self._own = self._silent = False
        self._reads = asyncio.Event()
        self._reads.set()
        self.over = asyncio.Event()
        self.unkeyed: dict[str, str] = {}
        """Room to tag of the one message without a key that is under way there."""
        self._reader = asyncio.create_task(self._read())

    @property
    def is_open(self) -> bool:
        """Whether anything may still be sent."""
        return not self.over.is_set()

    async def send(self, **frame: object) -> bool:
        """Whether it left."""
        try:
            async with asyncio.timeout(10):
                await self._socket.send(_encode(frame), text=True)
        except (WebSocketException, OSError, TimeoutError):
            return False
        return True

    async def say(self, room: str, tag: str, *, keyed: bool) -> None:
        """A message; written down before it leaves."""
        self._book.note(Sent(at=self._book.now(), connection=self.number, room=room, tag=tag, keyed=keyed))
        if not keyed:
            self.unkeyed[room] = tag
        extra = {"clientMessageId": tag} if keyed else {}
        await self.send(action="sendMessage", chatRoomId=room, content=f"{tag} and some words more", **extra)

    def pause(self) -> None:
        """Read no more."""
        self._reads.clear()
        self._socket.transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        self._reads.set()
        with contextlib.suppress(RuntimeError):
            self._socket.transport.resume_reading()

    def vanish(self) -> None:
        """Let go without telling the other side."""
        self._own = self._silent = True
        self._socket.transport.abort()

    async def close(self) -> None:
        """Close in good order."""
        self._own = True
        self.resume()
        with contextlib.suppress(WebSocketException, OSError, TimeoutError):
            async with asyncio.timeout(5):
                await self._socket.close()
        self._socket.transport.abort()
        await self.over.wait()

    async def _read(self) -> None:
        try:
            with contextlib.suppress(ConnectionClosed):
                async for text in self._socket:
                    self._take(_decode(text))
                    if not self._reads.is_set():
                        await self._reads.wait()
        finally:
            code = self._socket.close_code or 1006
            self._book.note(
                Closed(at=self._book.now(), connection=self.number, code=code, own=self._own, silent=self._silent)
            )
            self.over.set()

    def _take(self, frame: Frame) -> None:
        at, number = self._book.now(), self.number
        match frame["type"]:
            case "MESSAGE":
                room, tag = frame["chatRoomId"], tag_of(frame["content"])
                got = {"room": room, "seq": frame["seq"], "message": frame["messageId"], "tag": tag}
                self._book.note(Received(at=at, connection=number, **got))
                if self.unkeyed.get(room) == tag:
                    del self.unkeyed[room]
            case "ACK":
                tag = frame["clientMessageId"]
                self._book.note(Acked(at=at, connection=number, tag=tag, message=frame["messageId"]))
            case "ERROR" | "VERIFICATION_REQUIRED" as kind:
                code = str(frame.get("code", kind))
                known = frame.get("clientMessageId") or self.unkeyed.get(frame.get("chatRoomId", ""))
                frame["tag"] = known
                self._book.note(Refused(at=at, connection=number, code=code, tag=known))
        self._hear(self, frame)
