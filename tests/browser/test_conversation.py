"""People chat in the page, on a whole cluster."""

from playwright.async_api import expect

from tests.browser.windows import Windows, new_user
from tests.people import Town


async def couple(town: Town) -> tuple[str, str, str]:
    anna, ben = await town.person(new_user("anna")), await town.person(new_user("ben"))
    return anna, ben, await town.room(anna, ben)


async def test_two_people_chat(windows: Windows, town: Town) -> None:
    anna, ben, room = await couple(town)
    a, b = await windows.open(anna, room), await windows.open(ben, room)
    await a.say("こんにちは 👋")
    await b.sees("こんにちは 👋")
    await b.say("hello back")
    await a.sees("hello back")
    await expect(a.page.locator(".mine .state").first).to_have_attribute("title", "Sent")
    assert await a.texts() == await b.texts() == ["こんにちは 👋", "hello back"]
    assert await a.drafts.count() == 0


async def test_typing_and_read_marks_are_shown_to_the_other(windows: Windows, town: Town) -> None:
    anna, ben, room = await couple(town)
    a, b = await windows.open(anna, room), await windows.open(ben, room)
    await b.composer.press_sequentially("hm", delay=20)
    await expect(a.page.locator(".typing")).to_contain_text(f"{ben.title()} is writing")
    await a.say("read me")
    await b.sees("read me")
    await b.page.bring_to_front()
    await expect(a.page.locator(".readers")).to_have_attribute("title", f"Seen by {ben.title()}")


async def test_three_tabs_of_one_person_show_the_same_and_read_together(windows: Windows, town: Town) -> None:
    anna, ben, room = await couple(town)
    context = await windows.context()
    tabs = [await windows.open(anna, room, context=context) for _ in range(3)]
    listing = await windows.open(anna, context=context)
    b = await windows.open(ben, room)
    await tabs[0].say("from the first tab")
    await tabs[2].say("from the third tab")
    await b.say("to all of them")
    for tab in tabs:
        await tab.sees("to all of them")
        await tab.sees("from the third tab")
        assert sorted(await tab.texts()) == ["from the first tab", "from the third tab", "to all of them"]
        assert await tab.drafts.count() == 0
    await tabs[1].page.bring_to_front()
    await expect(listing.page.locator(".count")).to_have_count(0)
    await expect(listing.page.locator(".last-words")).to_contain_text("to all of them")


async def test_a_message_in_another_room_is_counted_until_it_is_read(windows: Windows, town: Town) -> None:
    anna, ben, room = await couple(town)
    other = await town.room(anna, ben)
    a, b = await windows.open(anna, other), await windows.open(ben, room)
    await b.say("one")
    await b.say("two")
    item = await a.has_room(room)
    await expect(item.locator(".count")).to_contain_text("2 unread messages")
    assert await a.page.title() == "(2) Kaiwa 会話"
    await a.page.bring_to_front()
    await item.click()
    await a.sees("two")
    await expect(a.page.locator(".new-line")).to_be_visible()
    await expect(item.locator(".count")).to_have_count(0)


async def test_somebody_is_online_until_the_last_tab_is_closed(windows: Windows, town: Town) -> None:
    anna, ben, room = await couple(town)
    a = await windows.open(anna, room)
    await a.page.get_by_role("button", name="People in this room").click()
    row = a.page.locator(f'[data-user="{ben}"]')
    await expect(row).to_have_attribute("data-status", "offline")
    context = await windows.context()
    tabs = [await windows.open(ben, context=context) for _ in range(2)]
    await expect(row).to_have_attribute("data-status", "online")
    await tabs[0].page.close()
    # A reload of the last tab is shorter than what counts as having left.
    await tabs[1].page.reload()
    await tabs[1].is_connected()
    await expect(row).to_have_attribute("data-status", "online")
    await tabs[1].page.close()
    await expect(row).to_have_attribute("data-status", "offline")


async def test_a_room_is_made_filled_and_left_and_who_is_removed_sees_no_further_message(
    windows: Windows, town: Town
) -> None:
    anna, ben, _ = await couple(town)
    carol = await town.person(new_user("carol"))
    a, b, c = await windows.open(anna), await windows.open(ben), await windows.open(carol)
    await a.page.get_by_role("button", name="New room").first.click()
    name = new_user("plans")
    await a.page.get_by_label("Name", exact=True).fill(name)
    await a.page.get_by_role("searchbox", name="People").fill(ben)
    await a.page.locator(".found").get_by_role("button", name=ben.title()).click()
    await a.page.get_by_role("button", name="Create room").click()
    await expect(a.page.get_by_role("heading", name=name)).to_be_visible()
    await (await b.has_room(name)).click()

    await a.page.get_by_role("button", name="People in this room").click()
    await a.page.get_by_role("button", name="Add people").click()
    dialog = a.page.get_by_role("dialog")
    await dialog.get_by_role("searchbox", name="People").fill(carol)
    await dialog.locator(".found").get_by_role("button", name=carol.title()).click()
    await dialog.get_by_role("button", name="Add people").click()
    await (await c.has_room(name)).click()
    await a.say("welcome Carol")
    await c.sees("welcome Carol")

    await a.page.get_by_role("button", name=f"Remove {carol.title()}").click()
    await a.page.get_by_role("dialog").get_by_role("button", name=f"Remove {carol.title()}").click()
    await expect(c.page.get_by_role("heading", name=f"You are not in “{name}” any more.")).to_be_visible()
    await a.say("now without Carol")
    await b.sees("now without Carol")
    assert "now without Carol" not in await c.page.inner_text("body")
    await expect(c.page.get_by_role("link", name=name)).to_have_count(0)

    await b.page.get_by_role("button", name="People in this room").click()
    await b.page.get_by_role("button", name="Leave room").click()
    await b.page.get_by_role("dialog").get_by_role("button", name="Leave room").click()
    await expect(b.page.get_by_role("link", name=name)).to_have_count(0)


async def test_who_is_not_verified_reads_along_and_is_told_why_no_message_goes_out(
    windows: Windows, town: Town
) -> None:
    anna, _, _ = await couple(town)
    dave = await town.person(new_user("dave"), status="pending")
    room = await town.room(anna, dave)
    a, d = await windows.open(anna, room), await windows.open(dave, room)
    await a.say("can you read this?")
    await d.sees("can you read this?")
    await expect(d.page.get_by_role("note")).to_contain_text("本人確認が必要です")
    await d.say("yes, but can you read me?")
    failed = d.page.locator('[data-draft="failed"]')
    await expect(failed).to_contain_text("your identity has to be verified first")
    # Approved in the meantime: nothing typed is lost.
    await town.person(dave)
    await failed.get_by_role("button", name="Try again").click()
    await a.sees("yes, but can you read me?")
    await d.page.reload()
    await d.is_connected()
    await expect(d.page.get_by_role("note")).to_have_count(0)
    await d.sees("yes, but can you read me?")
    assert (await d.texts()).count("yes, but can you read me?") == 1
