"""Long rooms and long messages."""

import asyncio
from functools import partial

from playwright.async_api import expect

from tests.browser.windows import Window, Windows, new_user
from tests.people import Town
from tests.waiting import eventually


async def filled(town: Town, count: int) -> tuple[str, str, str]:
    """A room in which Ben has said `count` things."""
    anna, ben = await town.person(new_user("anna")), await town.person(new_user("ben"))
    room = await town.room(anna, ben)
    b = await town.connect(ben, wait=False)
    for number in range(1, count + 1):
        await b.say(room, f"number {number}" + "\nand more" * (number % 4), key=f"k{number}")
    await b.got("ACK", count=count, within_s=60)
    await eventually(lambda: _is_last(town, anna, room, count), within_s=60)
    await b.close()
    return anna, ben, room


async def _is_last(town: Town, user: str, room: str, seq: int) -> bool:
    _, details = await town.call(user, "GET", f"/api/rooms/{room}")
    return bool(details["lastSeq"] == seq)


async def scroll(window: Window, to: int) -> None:
    await window.page.locator(".message-list").evaluate("(list, to) => list.scrollTo(0, to)", to)


async def top_of(window: Window, text: str) -> float:
    box = await window.messages.filter(has_text=text).first.bounding_box()
    assert box is not None
    return box["y"]


async def test_older_messages_come_in_above_and_what_one_looks_at_stays_where_it_is(
    windows: Windows, town: Town
) -> None:
    anna, _, room = await filled(town, 320)
    a = await windows.open(anna, room)
    await a.sees("number 320")
    drawn = await a.messages.count()
    assert drawn < 60, "only what is near the screen is drawn"
    pages: list[str] = []
    gate = asyncio.Event()

    async def held(route):  # type: ignore[no-untyped-def]
        pages.append(route.request.url)
        await gate.wait()
        await route.continue_()

    await a.page.route("**/messages?*before=*", held)
    await scroll(a, 300)
    await eventually(lambda: len(pages) == 1, within_s=10)
    seq = int(await a.messages.nth(3).get_attribute("data-seq") or 0)
    before = await top_of(a, f"number {seq}\n")
    gate.set()
    await expect(a.page.locator(f'[data-seq="{seq}"]')).to_be_visible()
    await eventually(lambda: _has_grown(a), within_s=20)
    after = await top_of(a, f"number {seq}\n")
    assert abs(after - before) <= 2, (before, after)

    # All the way up, page by page, to where the room begins.
    async def at_beginning() -> bool:
        await scroll(a, 0)
        return await a.page.get_by_text(f"This is the beginning of {room}").count() == 1

    await eventually(at_beginning, within_s=60, every_s=0.3)
    await expect(a.messages.first).to_have_attribute("data-seq", "1")
    assert len(pages) == 3
    await a.page.get_by_role("button", name="Jump to the newest message").click()
    await a.sees("number 320")


async def reads_further_up(window: Window) -> None:
    """Turn the wheel upwards, whether or not the list is still on its way to the end."""
    await window.page.locator(".message-list").hover()

    async def is_away() -> bool:
        await window.page.mouse.wheel(0, -600)
        return await window.page.locator(".to-newest").is_visible()

    await eventually(is_away, every_s=0.1)
    await eventually(partial(_has_settled, window))


async def _has_settled(window: Window) -> bool:
    """A wheel's way takes some frames."""
    list_ = window.page.locator(".message-list")
    is_still: bool = await list_.evaluate(
        "list => new Promise(tell => {"
        " const place = list.scrollTop;"
        " setTimeout(() => tell(list.scrollTop === place), 200) })"
    )
    return is_still


async def _has_grown(window: Window) -> bool:
    return bool(await window.page.locator(".message-list").evaluate("list => list.scrollTop > 2000"))


async def test_who_reads_further_up_is_not_pulled_down_but_told_of_new_messages(windows: Windows, town: Town) -> None:
    anna, ben, room = await filled(town, 80)
    a = await windows.open(anna, room)
    await a.sees("number 80")
    await reads_further_up(a)
    place = await a.page.locator(".message-list").evaluate("list => list.scrollTop")
    b = await windows.open(ben, room)
    await b.say("something new")
    await expect(a.page.locator(".to-newest")).to_contain_text("1 new message")
    assert await a.page.locator(".message-list").evaluate("list => list.scrollTop") == place
    await a.page.locator(".to-newest").click()
    await a.sees("something new")
    # One's own words are always wanted on the screen.
    await reads_further_up(a)
    await a.say("my own words")
    await a.sees("my own words")


async def test_messages_of_5000_characters_and_of_emoji_arrive_whole_and_longer_ones_are_not_sent(
    windows: Windows, town: Town
) -> None:
    anna, ben = await town.person(new_user("anna")), await town.person(new_user("ben"))
    room = await town.room(anna, ben)
    a, b = await windows.open(anna, room), await windows.open(ben, room)
    family = "👩‍👩‍👧‍👦🇯🇵❤️‍🔥𠮷"
    long, emoji = "長" * 4_990 + "End of it.", "👋" * 5_000
    for text in (family, long, emoji):
        await a.say(text)
    await b.sees(family)
    await expect(b.messages).to_have_count(3)
    contents = [message["content"] for message in await town.history(ben, room)]
    assert contents == [family, long, emoji]
    assert [await b.messages.nth(n).locator(".text").text_content() for n in range(3)] == contents
    await b.page.get_by_role("button", name="Show all").first.click()
    await expect(b.page.get_by_role("button", name="Show less")).to_be_visible()

    await a.composer.fill(emoji + "!")
    await expect(a.page.get_by_role("alert")).to_have_text("1 character too many")
    await a.composer.press("Enter")
    assert await a.composer.input_value() == emoji + "!", "it is kept, not cut"
    await expect(a.page.get_by_role("button", name="Send")).to_be_disabled()
    await a.composer.fill("   \n ")
    await a.composer.press("Enter")
    assert len(await town.history(ben, room)) == 3
