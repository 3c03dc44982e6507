"""People chat in the page, on a whole cluster."""

from playwright.async_api import expect

from tests.browser.windows import Windows, new_user
from tests.people import Town


async def test_two_people_chat(windows: Windows, town: Town) -> None:
    anna, ben = await town.person(new_user("anna")), await town.person(new_user("ben"))
    room = await town.room(anna, ben)
    a, b = await windows.open(anna, room), await windows.open(ben, room)
    await a.say("こんにちは 👋")
    await b.sees("こんにちは 👋")
    await b.say("hello back")
    await a.sees("hello back")
    await expect(a.page.locator(".mine .state").first).to_have_attribute("title", "Sent")
    assert await a.texts() == await b.texts() == ["こんにちは 👋", "hello back"]
    assert await a.drafts.count() == 0
