"""Many connections that only count the bytes they get: cheap enough never to be what is measured."""

import asyncio
from typing import cast


class Flock:
    """`opened` connections, and the bytes that all of them got together since `expect`."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self._left = 0
        self._all_came = asyncio.Event()

    async def join(self, host: str, port: int, heads: list[bytes]) -> None:
        """Open a connection for each of `heads`, which is what it says first; each must be answered with 101."""
        loop, came = asyncio.get_running_loop(), []
        for head in heads:
            _, member = await loop.create_connection(lambda head=head: Member(self, head), host, port)  # type: ignore[misc]
            came.append(member)
        for member in came:
            answer = await member.opened
            assert b" 101 " in answer.split(b"\r\n", 1)[0], answer
        self.members += came

    def expect(self, size: int) -> None:
        """From now on `size` bytes are to come."""
        self._left += size
        if self._left > 0:
            self._all_came.clear()

    async def all_came(self, within_s: float = 10.0) -> None:
        """All that was expected is there, and not a byte more."""
        async with asyncio.timeout(within_s):
            await self._all_came.wait()
        assert self._left == 0, self._left

    def took(self, size: int) -> None:
        """One of the members got `size` bytes."""
        self._left -= size
        if self._left <= 0:
            self._all_came.set()

    def leave(self) -> None:
        """Cut all off."""
        for member in self.members:
            member.transport.abort()


class Member(asyncio.BufferedProtocol):
    """One connection. All share one buffer: nobody looks at what is in it."""

    _buffer = memoryview(bytearray(256 * 1024))

    def __init__(self, flock: Flock, head: bytes) -> None:
        self._flock = flock
        self._head = head
        self.opened: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._head)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._buffer

    def buffer_updated(self, size: int) -> None:
        if self.opened.done():
            self._flock.took(size)
            return
        self._answer += bytes(self._buffer[:size])
        answer, end, rest = self._answer.partition(b"\r\n\r\n")
        if end:
            self.opened.set_result(answer)
            self._flock.took(len(rest))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if not self.opened.done():
            self.opened.set_result(self._answer)
