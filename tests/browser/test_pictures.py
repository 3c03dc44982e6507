"""Pictures of the main states, for docs/: KAIWA_PICTURES=docs/pictures writes them there."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.test_access import PHONE
from tests.browser.windows import Window, Windows, new_user
from tests.people import Town
from tests.waiting import eventually

WIDE: dict[str, Any] = {"viewport": {"width": 1100, "height": 680}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    named = Path(os.environ.get("KAIWA_PICTURES", tmp_path))
    named.mkdir(parents=True, exist_ok=True)
    return named


async def named(town: Town, name: str, status: str = "approved") -> str:
    user = await town.person(new_user(name.lower() if name.isascii() else "yuki"), status)
    code, _ = await town.call(user, "PUT", f"/api/users/{user}/profile", {"displayName": name})
    assert code == 200
    return user


async def room_of(town: Town, name: str, creator: str, *others: str) -> str:
    room = new_user("room")
    body = {"name": name, "chatRoomId": room, "participantIds": list(others)}
    assert (await town.call(creator, "POST", "/api/rooms", body))[0] == 201
    return room


async def test_pictures_of_the_main_states(windows: Windows, town: Town, folder: Path) -> None:
    alice, bob = await named(town, "Alice"), await named(town, "Bob")
    yuki, dave = await named(town, "由紀"), await named(town, "Dave", "pending")
    launch = await room_of(town, "Launch 🚀", alice, bob, yuki, dave)
    lunch = await room_of(town, "お昼ごはん", yuki, alice, bob)
    await room_of(town, "Design review", bob, alice)
    a = await windows.open(alice, launch, **WIDE)
    b = await windows.open(bob, launch, **WIDE)
    y = await windows.open(yuki, launch, locale="ja-JP", **WIDE)
    await said(a, b, y, "Good morning! The release candidate is out: https://example.com/releases/1.4.0")
    await said(b, a, y, "Nice. I'll run the load test once more.\nLast night: 50,000 connections, p99 under 40 ms.")
    await said(y, a, b, "おはようございます。リリースノートの日本語版はもうすぐ終わります ✍️")
    await said(a, b, y, "ありがとう! No hurry, we go at three.")
    await said(b, a, y, "Then I have time for a coffee ☕")
    await y.page.goto(f"{windows.url}/rooms/{lunch}")
    await y.is_connected()
    await y.say("今日はラーメンにしませんか？🍜")
    await y.sees("ラーメン")
    await expect(a.page.locator(".count")).to_be_visible()
    await writing_is_seen(b, a, "Bob is writing")
    await picture(a, folder, "room")
    await a.page.get_by_role("button", name="People in this room").click()
    await expect(a.page.locator(".member")).to_have_count(4)
    await a.page.emulate_media(color_scheme="dark")
    await picture(a, folder, "members-dark")
    await a.page.emulate_media(color_scheme="light")
    await a.page.get_by_role("button", name="New room").first.click()
    await a.page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Friday drinks")
    await a.page.get_by_role("searchbox", name="People").fill("bo")
    await expect(a.page.locator(".found button").first).to_be_visible()
    await picture(a, folder, "new-room")
    d = await windows.open(dave, launch, locale="ja-JP", **WIDE)
    await d.say("私も手伝います！")
    await expect(d.page.locator('[data-draft="failed"]')).to_be_visible()
    await picture(d, folder, "not-verified-ja")
    phone = await windows.open(bob, launch, **PHONE, color_scheme="dark")
    await phone.sees("coffee")
    await picture(phone, folder, "phone-dark")
    await phone.page.get_by_role("button", name="Back to the rooms").tap()
    await picture(phone, folder, "phone-rooms-dark")
    page = await windows.page(await windows.context(**WIDE))
    await page.goto(windows.url)
    await expect(page.get_by_role("button", name="Sign in as Dave")).to_be_visible()
    await picture(Window(page), folder, "sign-in")


async def test_a_picture_of_a_lost_connection(windows: Windows, town: Town, folder: Path) -> None:
    alice, bob = await named(town, "Alice"), await named(town, "Bob")
    room = await room_of(town, "Launch 🚀", alice, bob)
    context = await windows.context(**WIDE)
    sockets: list[Any] = []

    async def between(socket: Any) -> None:
        if sockets:
            await socket.close(code=1012)
            return
        sockets.append(socket)
        socket.connect_to_server()

    await context.route_web_socket("**/prod?**", between)
    a = await windows.open(alice, room, context=context)
    await a.say("All set for three o'clock?")
    await a.sees("All set")
    await sockets[0].close(code=1012)
    await a.say("I'm in the tunnel, this one waits…")
    await expect(a.page.locator(".banner")).to_contain_text("The connection is lost")
    await expect(a.page.locator('[data-draft="waiting"]')).to_be_visible()
    await picture(a, folder, "lost-connection")


async def writing_is_seen(writer: Window, reader: Window, text: str) -> None:
    """Press keys until it shows: whoever wrote a moment ago is announced once in 3 s, not at each key (spec 3)."""

    async def shows() -> bool:
        await writer.composer.press_sequentially("a", delay=10)
        return text in await reader.page.locator(".typing").inner_text()

    await eventually(shows, every_s=0.5)


async def said(speaker: Window, one: Window, other: Window, text: str) -> None:
    await speaker.page.bring_to_front()
    await speaker.say(text)
    for window in (one, other):
        await window.page.bring_to_front()
        await window.sees(text.splitlines()[0][:24])


async def picture(window: Window, folder: Path, name: str) -> None:
    await window.page.bring_to_front()
    await window.page.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")
