"""Windows of a browser in which somebody is signed in and chats: what tests do and see there."""

import asyncio
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

WITHIN_MS = 20_000
# As the page itself keeps it over a reload; once, so that signing out stays possible.
SIGNED_IN = """
if (sessionStorage.getItem("test") === null) {
  sessionStorage.setItem("test", "begun");
  sessionStorage.setItem("kaiwa/signed-in-as", "USER");
}
"""


def new_user(name: str) -> str:
    """A user of one test alone."""
    return f"{name}-{uuid.uuid4().hex[:6]}"


class Window:
    """One tab of one person."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer")

    @property
    def messages(self) -> Locator:
        """Those that stand in the room, as far as they are drawn."""
        return self.page.locator("article[data-seq]")

    @property
    def drafts(self) -> Locator:
        return self.page.locator("article[data-draft]")

    async def say(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def sees(self, text: str, *, within_ms: float = WITHIN_MS) -> None:
        """Wait until a posted message with this text is on the screen."""
        await expect(self.messages.filter(has_text=text).first).to_be_visible(timeout=within_ms)

    async def texts(self) -> list[str]:
        """The posted messages that are drawn, from top to bottom."""
        return await self.messages.locator(".text").all_inner_texts()

    async def has_room(self, name: str) -> Locator:
        """Wait until the room is in the list."""
        item = self.page.get_by_role("link", name=name)
        await expect(item).to_be_visible()
        return item

    async def is_connected(self) -> None:
        await expect(self.page.locator(".me .presence.online")).to_be_attached()


class Windows:
    """Opens windows, closes them at the end, and remembers what went wrong in any of them."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.faults: list[str] = []
        self.expected: Callable[[str], bool] = lambda _: False
        """Errors of the console that the test brings about."""
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def __aenter__(self) -> Self:
        # Playwright's own 5 s are short on a machine that does much else.
        expect.set_options(timeout=WITHIN_MS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(context.close() for context in self._contexts))

    async def context(self, **options: Any) -> BrowserContext:
        """A browser of its own: no storage shared with others."""
        context = await self._browser.new_context(**{"viewport": {"width": 1180, "height": 760}} | options)
        context.set_default_timeout(WITHIN_MS)
        self._contexts.append(context)
        return context

    async def page(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"{error.name}: {error.message}"))
        page.on("console", self._heard)
        return page

    async def open(
        self, user: str, room: str | None = None, *, context: BrowserContext | None = None, **options: Any
    ) -> Window:
        """A window in which `user` is signed in, looking at `room` if one is named, connected."""
        page = await self.page(context or await self.context(**options))
        await page.add_init_script(SIGNED_IN.replace("USER", user))
        window = Window(page)
        await page.goto(self.url if room is None else f"{self.url}/rooms/{room}")
        await window.is_connected()
        if room is not None:
            await expect(window.composer).to_be_visible()
        return window

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not self.expected(message.text):
            self.faults.append(message.text)


async def sign_in(page: Page, user: str) -> None:
    """With the local issuer, as somebody it does not offer by itself."""
    await page.get_by_text("Somebody else", exact=True).click()
    await page.get_by_label("User name").fill(user)
    await page.get_by_role("button", name="Sign in", exact=True).click()
