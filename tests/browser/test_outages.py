"""What breaks on the way: nothing is missing or doubled afterwards, and nothing that was typed is lost."""

import asyncio
import json
import os
import signal
from typing import Any

import pytest
from playwright.async_api import Route, WebSocketRoute, expect

from tests.browser.windows import Window, Windows, new_user
from tests.browser.wire import Wire
from tests.people import Town
from tests.waiting import eventually


@pytest.fixture
async def people(town: Town) -> tuple[str, str, str]:
    anna, ben = await town.person(new_user("anna")), await town.person(new_user("ben"))
    return anna, ben, await town.room(anna, ben)


def is_network(text: str) -> bool:
    return "net::ERR_" in text or "WebSocket connection to" in text or "Failed to load resource" in text


async def shows_all(window: Window, town: Town, user: str, room: str) -> list[str]:
    """Wait until the window shows the server's list, neither more nor less; returns it."""
    history = [message["content"] for message in await town.history(user, room)]
    await eventually(lambda: _same(window, history), within_s=30)
    assert await window.drafts.count() == 0
    return history


async def _same(window: Window, history: list[str]) -> bool:
    assert await window.texts() == history
    return True


async def test_a_network_that_is_gone_for_ten_seconds_loses_and_doubles_nothing(
    windows: Windows, town: Town, people: tuple[str, str, str]
) -> None:
    windows.expected = is_network
    anna, ben, room = people
    async with Wire(town.cluster["websocketUrl"]) as wire:
        context = await wire.context(windows)
        a, b = await windows.open(anna, room, context=context), await windows.open(ben, room)
        await a.say("before")
        await b.sees("before")
        wire.cut()
        await context.set_offline(True)
        await a.say("while it is away, from here")
        for number in range(5):
            await b.say(f"while it is away, from there {number}")
        await expect(a.page.locator(".banner")).to_contain_text("The connection is lost")
        await asyncio.sleep(10)  # The drop itself, not a wait for something.
        wire.mend()
        await context.set_offline(False)
        await a.sees("while it is away, from there 4")
        await b.sees("while it is away, from here")
        await a.say("after")
        await b.sees("after")
        history = await shows_all(a, town, anna, room)
        assert await shows_all(b, town, ben, room) == history
        assert len(history) == len(set(history)) == 8
        await expect(a.page.locator(".banner")).to_have_count(0)


async def test_a_gateway_that_is_killed_and_comes_back_loses_and_doubles_nothing(
    windows: Windows, town: Town, people: tuple[str, str, str]
) -> None:
    windows.expected = is_network
    anna, ben, room = people
    a, b = await windows.open(anna, room), await windows.open(ben, room)
    await a.say("before")
    await b.sees("before")
    gateway = town.described()["processes"]["gateway-1"]
    os.kill(gateway["pid"], signal.SIGKILL)
    for number in range(3):
        await a.say(f"in the meantime {number}")
    await eventually(lambda: town.is_ready(town.described()["processes"]["gateway-1"]["healthUrl"]), within_s=60)
    await b.sees("in the meantime 2", within_ms=60_000)
    await b.say("back")
    await a.sees("back", within_ms=60_000)
    history = await shows_all(a, town, anna, room)
    assert await shows_all(b, town, ben, room) == history
    assert sorted(history) == ["back", "before", *(f"in the meantime {number}" for number in range(3))]


async def test_a_hole_in_seq_is_filled_before_anything_later_is_shown(
    windows: Windows, town: Town, people: tuple[str, str, str]
) -> None:
    anna, ben, room = people
    context = await windows.context()
    swallowed: list[str] = []

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def passes(frame: str | bytes) -> None:
            if '"content":"lost"' in str(frame) and not swallowed:
                swallowed.append(str(frame))
            else:
                socket.send(frame)

        server.on_message(passes)

    await context.route_web_socket("**/prod?**", between)
    a, b = await windows.open(anna, room, context=context), await windows.open(ben, room)
    for text in ("first", "lost", "later"):
        await b.say(text)
    await a.sees("later")
    assert len(swallowed) == 1
    assert await a.texts() == ["first", "lost", "later"]


async def test_what_was_not_sent_survives_a_reload_and_is_posted_once(
    windows: Windows, town: Town, people: tuple[str, str, str]
) -> None:
    windows.expected = is_network
    anna, ben, room = people
    async with Wire(town.cluster["websocketUrl"]) as wire:
        context = await wire.context(windows)
        a, b = await windows.open(anna, room, context=context), await windows.open(ben, room)
        await a.say("arrived, but nobody told")
        await b.sees("arrived, but nobody told")
        wire.cut()
        await a.say("never left this machine")
        await a.composer.fill("half a sent")
        await a.page.reload()
        await expect(a.drafts.filter(has_text="never left this machine")).to_be_visible()
        assert await a.composer.input_value() == "half a sent"
        wire.mend()
        await b.sees("never left this machine", within_ms=60_000)
        history = await shows_all(a, town, anna, room)
        assert history == ["arrived, but nobody told", "never left this machine"]


async def test_frames_that_make_no_sense_are_passed_over(
    windows: Windows, town: Town, people: tuple[str, str, str]
) -> None:
    anna, ben, room = people
    context = await windows.context()
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    await context.route_web_socket("**/prod?**", between)
    a, b = await windows.open(anna, room, context=context), await windows.open(ben, room)
    nonsense: list[str] = [
        "<html>502 Bad Gateway</html>",
        '{"type":"FIREWORKS","colour":"red"}',
        '{"type":"MESSAGE","chatRoomId":"' + room + '"}',
        json.dumps({"type": "PRESENCE", "userId": anna, "status": 7, "lastSeenAt": None, "version": "x"}),
        "[]",
        "null",
        "",
    ]
    for text in nonsense:
        sockets[-1].send(text)
    sockets[-1].send(b"\x00\x01")
    await b.say("still here")
    await a.sees("still here")
    assert len(sockets) == 1


async def test_an_api_that_fails_for_a_while_is_asked_again(
    windows: Windows, town: Town, people: tuple[str, str, str]
) -> None:
    windows.expected = is_network
    anna, ben, room = people
    b = await windows.open(ben, room)
    await b.say("in the history")
    context = await windows.context()
    answers: list[Any] = [
        {"status": 503, "headers": {"Retry-After": "1"}},
        {"status": 500, "body": "<oops>"},
        {"status": 429},
    ]

    async def fails(route: Route) -> None:
        if answers:
            await route.fulfill(**answers.pop(0))
        else:
            await route.continue_()

    await context.route("**/messages?**", fails)
    a = await windows.open(anna, room, context=context)
    await expect(a.page.get_by_text("could not be loaded")).to_be_visible()
    await a.sees("in the history")
    assert answers == []


async def test_an_expired_token_is_replaced(windows: Windows, town: Town, people: tuple[str, str, str]) -> None:
    windows.expected = is_network
    anna, _, room = people
    context = await windows.context()
    asked = 0

    async def expired(route: Route) -> None:
        nonlocal asked
        asked += 1
        body = json.dumps({"user": anna, "expiresIn": -60}) if asked == 1 else route.request.post_data
        await route.continue_(post_data=body)

    await context.route("**/dev/token", expired)
    a = await windows.open(anna, room, context=context)
    await a.say("with a new token")
    await a.sees("with a new token")
    assert asked >= 2


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_an_hour_off_changes_nothing(
    windows: Windows, town: Town, people: tuple[str, str, str], hours: int
) -> None:
    anna, ben, room = people
    context = await windows.context()
    await context.add_init_script(
        f"const off = {hours} * 3600e3, Real = Date, real = Date.now;"
        "Date = class extends Real { constructor(...a) { super(...(a.length ? a : [real() + off])) } };"
        "Date.now = () => real() + off;"
    )
    a, b = await windows.open(anna, room, context=context), await windows.open(ben, room)
    await a.say("what time is it?")
    await b.sees("what time is it?")
    await b.say("late")
    await a.sees("late")
    assert await a.texts() == ["what time is it?", "late"]
    assert await a.drafts.count() == 0


async def test_sessions_that_were_revoked_lead_to_the_sign_in_page(
    windows: Windows, town: Town, people: tuple[str, str, str]
) -> None:
    windows.expected = is_network
    anna, _, room = people
    a = await windows.open(anna, room)
    code, _ = await town.call("root", "DELETE", f"/api/users/{anna}/sessions", admin=True)
    assert code == 204
    await expect(a.page.get_by_role("alert")).to_contain_text("Your session has ended")
