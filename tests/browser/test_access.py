"""Everybody can use it: with a keyboard, a screen reader, an input method, in Japanese, on a phone."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from deploy.local.page import WEB
from tests.browser.windows import Window, Windows, new_user
from tests.people import Town

AXE = (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, one line each."""
    await page.evaluate(AXE)
    found = await page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


async def conversation(windows: Windows, town: Town, **options: Any) -> tuple[Window, str]:
    anna, ben = await town.person(new_user("anna")), await town.person(new_user("ben"))
    room = await town.room(anna, ben)
    b = await town.connect(ben, features="read")
    for number, text in enumerate(["Good morning!", "See https://example.com/plan", "What do you think?"]):
        await b.say(room, text, key=f"k{number}")
    await b.got("ACK", count=3)
    a = await windows.open(anna, room, **options)
    await a.say("I like it")
    await a.sees("I like it")
    await b.close()
    return a, room


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_the_main_states(windows: Windows, town: Town, scheme: str) -> None:
    a, _ = await conversation(windows, town, color_scheme=scheme)
    assert await violations(a.page) == [], "a room"
    await a.page.get_by_role("button", name="People in this room").click()
    await expect(a.page.locator(".member")).to_have_count(2)
    assert await violations(a.page) == [], "members"
    await a.page.get_by_role("button", name="Add people").click()
    assert await violations(a.page) == [], "adding people"
    await a.page.keyboard.press("Escape")
    await a.page.get_by_role("button", name="Your profile").click()
    assert await violations(a.page) == [], "the profile"
    await a.page.keyboard.press("Escape")
    dave = await town.person(new_user("dave"), status="pending")
    d = await windows.open(dave, await town.room(await town.person(new_user("eve")), dave), color_scheme=scheme)
    await d.say("may I?")
    await expect(d.page.locator('[data-draft="failed"]')).to_be_visible()
    assert await violations(d.page) == [], "somebody who is not verified"
    page = await windows.page(await windows.context(color_scheme=scheme))
    await page.goto(windows.url)
    await expect(page.get_by_role("button", name="Sign in as Alice")).to_be_visible()
    assert await violations(page) == [], "signing in"


async def test_everything_can_be_done_with_the_keyboard_alone(windows: Windows, town: Town) -> None:
    a, room = await conversation(windows, town)
    other = await town.room(await town.person(new_user("carol")), await signed_in(a))
    await a.has_room(other)
    await expect(a.composer).to_be_focused()
    await a.page.keyboard.press("Alt+ArrowUp")
    await expect(a.page.get_by_role("heading", name=other)).to_be_visible()
    await a.page.keyboard.press("Alt+ArrowDown")
    await expect(a.page.get_by_role("heading", name=room)).to_be_visible()
    await a.page.keyboard.type("typed")
    await a.page.keyboard.press("Shift+Enter")
    await a.page.keyboard.type("in two lines")
    await a.page.keyboard.press("Enter")
    await a.sees("typed")
    # From the composer back through the page, to the button that shows the members.
    button = a.page.get_by_role("button", name="People in this room")
    for _ in range(8):
        if await button.evaluate("button => button === document.activeElement"):
            break
        await a.page.keyboard.press("Shift+Tab")
    await expect(button).to_be_focused()
    await a.page.keyboard.press("Enter")
    await expect(a.page.locator(".members")).to_be_visible()
    await a.page.get_by_role("button", name="New room").first.focus()
    await a.page.keyboard.press("Enter")
    await expect(a.page.get_by_role("dialog").get_by_label("Name", exact=True)).to_be_focused()
    await a.page.keyboard.press("Escape")
    await expect(a.page.get_by_role("dialog")).to_have_count(0)


async def test_the_enter_that_ends_a_composition_does_not_send(windows: Windows, town: Town) -> None:
    a, _ = await conversation(windows, town)
    session = await a.page.context.new_cdp_session(a.page)
    await a.composer.focus()
    await session.send("Input.imeSetComposition", {"text": "にほんご", "selectionStart": 4, "selectionEnd": 4})
    # What browsers report for the Enter that accepts the candidate.
    await session.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    await session.send("Input.insertText", {"text": "日本語"})
    assert await a.composer.input_value() == "日本語"
    assert await a.drafts.count() + await a.messages.filter(has_text="日本語").count() == 0
    await a.composer.evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    assert await a.composer.input_value() == "日本語"
    await a.page.keyboard.press("Enter")
    await a.sees("日本語")


async def test_who_prefers_japanese_gets_it_and_may_change_it(windows: Windows, town: Town) -> None:
    a, _ = await conversation(windows, town, locale="ja-JP")
    await expect(a.page.locator("html")).to_have_attribute("lang", "ja")
    await expect(a.composer).to_have_attribute("placeholder", "メッセージを入力")
    await a.page.get_by_role("button", name="プロフィール").click()
    await a.page.get_by_label("言語").select_option("en")
    await expect(a.page.get_by_role("heading", name="Your profile")).to_be_visible()
    await a.page.get_by_label("Appearance").select_option("dark")
    await a.page.reload()
    await expect(a.composer).to_have_attribute("placeholder", "Write a message")
    await expect(a.page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_on_a_phone_there_is_the_list_or_the_room_and_nothing_sticks_out(windows: Windows, town: Town) -> None:
    a, room = await conversation(windows, town, **PHONE)
    sidebar = a.page.get_by_role("navigation", name="Rooms")
    await expect(sidebar).to_be_hidden()
    assert await a.page.evaluate("document.documentElement.scrollWidth") == 390
    assert await violations(a.page) == []
    await a.page.get_by_role("button", name="Back to the rooms").tap()
    await expect(sidebar).to_be_visible()
    await expect(a.composer).to_have_count(0)
    await a.page.get_by_role("link", name=room).tap()
    await expect(a.composer).to_be_visible()
    await a.page.go_back()
    await expect(sidebar).to_be_visible()


async def signed_in(window: Window) -> str:
    return str(await window.page.evaluate("sessionStorage.getItem('kaiwa/signed-in-as')"))
