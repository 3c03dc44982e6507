"""A network between browser and gateway that can fail: a proxy which swallows bytes, then breaks."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Route

from tests.browser.windows import Windows


class Wire:
    """Passes on bytes both ways until it is cut."""

    def __init__(self, websocket_url: str) -> None:
        self._to = urlsplit(websocket_url)
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self._break()

    @property
    def url(self) -> str:
        """Where the page finds the gateway."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return f"ws://127.0.0.1:{port}{self._to.path}"

    def cut(self) -> None:
        """From now on every byte is lost; nobody is told."""
        self._is_cut = True

    def mend(self) -> None:
        """Connections that were cut are broken; new ones come through."""
        self._is_cut = False
        self._break()

    async def context(self, windows: Windows, **options: Any) -> BrowserContext:
        """A browser whose pages reach the gateway over this wire alone."""
        # The page's policy rightly knows nothing of this port.
        context = await windows.context(bypass_csp=True, **options)

        async def told(route: Route) -> None:
            answer = await route.fetch()
            await route.fulfill(response=answer, body=json.dumps(await answer.json() | {"websocketUrl": self.url}))

        await context.route("**/config.json", told)
        return context

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            self._writers.add(writer)
            return
        there, back = await asyncio.open_connection(self._to.hostname, self._to.port)
        self._writers |= {writer, back}
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer), return_exceptions=True)
        for end in (writer, back):
            end.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                if not self._is_cut:
                    writer.write(data)
        finally:
            writer.close()

    def _break(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
