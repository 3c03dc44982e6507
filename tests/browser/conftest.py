"""A real Chromium, and people who chat in it."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from deploy.local.page import WEB, is_built
from tests.browser.chromium import HOW, SKIP, find_chromium, skipped
from tests.browser.windows import Windows
from tests.people import Town

# Nothing of the browser's own calls home: on a machine without a network it would wait for that.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.browser)
            if skipped():
                item.add_marker(pytest.mark.skip(reason=f"{SKIP}=1"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Its path. Not looked for within a running loop: Playwright refuses to tell there where its own one is."""
    path = find_chromium()
    assert path is not None, HOW
    return path


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    assert is_built(WEB), "The web page is not built: run make page"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def town(cluster: Mapping[str, Any]) -> AsyncIterator[Town]:
    async with Town.of(cluster) as made:
        yield made


@pytest.fixture
async def windows(browser: Browser, cluster: Mapping[str, Any]) -> AsyncIterator[Windows]:
    """Opens windows of people; after the test no page may have had an error that it did not expect."""
    async with Windows(browser, cluster["webUrl"]) as opened:
        yield opened
    assert opened.faults == []
