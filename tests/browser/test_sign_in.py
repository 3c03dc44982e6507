"""Signing in and out: with the local issuer, and at an OpenID Connect issuer."""

import json
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page, Route, expect

from tests.browser.issuer import Issuer
from tests.browser.windows import Window, Windows, new_user, sign_in
from tests.people import Town


async def test_one_picks_a_user_of_the_local_cluster_and_chats(windows: Windows) -> None:
    page = await windows.page(await windows.context())
    await page.goto(windows.url)
    await page.get_by_role("button", name="Sign in as Alice").click()
    window = Window(page)
    await (await window.has_room("Lobby")).click()
    text = new_user("hello")
    await window.say(text)
    await window.sees(text)
    await page.reload()
    await window.sees(text)


async def test_who_asked_for_it_stays_signed_in_after_the_tab_is_closed_and_others_do_not(
    windows: Windows, town: Town
) -> None:
    anna = await town.person(new_user("anna"))
    for stays in (False, True):
        context = await windows.context()
        page = await windows.page(context)
        await page.goto(windows.url)
        if stays:
            await page.get_by_label("Stay signed in on this device").check()
        await sign_in(page, anna)
        await Window(page).is_connected()
        await page.close()
        page = await windows.page(context)
        await page.goto(windows.url)
        if stays:
            await Window(page).is_connected()
        else:
            await expect(page.get_by_role("heading", name="Welcome to Kaiwa")).to_be_visible()


async def test_signing_out_asks_before_unsent_messages_are_lost_and_leaves_nothing_behind(
    windows: Windows, town: Town
) -> None:
    dave = await town.person(new_user("dave"), status="pending")
    window = await windows.open(dave, await town.room(await town.person(new_user("eve")), dave))
    await window.say("never sent")
    await expect(window.page.locator('[data-draft="failed"]')).to_be_visible()
    await window.page.get_by_role("button", name="Your profile").click()
    await window.page.get_by_role("button", name="Sign out").click()
    await expect(window.page.get_by_role("dialog")).to_contain_text("1 message has not been sent yet")
    await window.page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    await expect(window.page.get_by_role("heading", name="Welcome to Kaiwa")).to_be_visible()
    kept = await window.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "never sent" not in kept
    assert "signed-in-as" not in kept


async def test_elsewhere_one_signs_in_by_authorization_code_with_pkce(windows: Windows, town: Town) -> None:
    anna = await town.person(new_user("anna"))
    room = await town.room(anna)
    async with Issuer(lambda: town.token(anna)) as issuer:
        context = await windows.context(bypass_csp=True)
        await _signs_in_at(context, issuer.url)
        page = await windows.page(context)
        await page.goto(f"{windows.url}/rooms/{room}")
        await page.get_by_role("button", name="Sign in").click()
        window = Window(page)
        await window.is_connected()
        assert urlsplit(page.url).path == f"/rooms/{room}", "one is where one wanted to go"
        assert "code=" not in page.url
        await window.say("hello from elsewhere")
        await window.sees("hello from elsewhere")
        assert "eyJ" not in await page.evaluate("JSON.stringify({...localStorage})")
        await page.reload()
        await window.sees("hello from elsewhere")
        assert [one.get("grant_type", "authorize") for one in issuer.asked][:2] == ["authorize", "authorization_code"]
        await _sign_out(page)
        assert "eyJ" not in await page.evaluate("JSON.stringify({...sessionStorage})")
        await page.get_by_role("button", name="Sign in").click()
        await window.is_connected()
        assert [one for one in issuer.asked if "response_type" in one][-1]["prompt"] == "login"


async def test_an_answer_of_the_issuer_that_was_not_asked_for_signs_nobody_in(windows: Windows, town: Town) -> None:
    anna = await town.person(new_user("anna"))
    async with Issuer(lambda: town.token(anna)) as issuer:
        context = await windows.context(bypass_csp=True)
        await _signs_in_at(context, issuer.url)
        page = await windows.page(context)
        await page.goto(f"{windows.url}/sign-in/callback?code=stolen&state=made-up")
        await expect(page.get_by_role("alert")).to_have_text("Signing in did not work.")
        assert issuer.asked == []
        assert urlsplit(page.url).query == ""


async def _signs_in_at(context: BrowserContext, issuer: str) -> None:
    async def told(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json() | {"development": False, "issuer": issuer}
        await route.fulfill(response=answer, body=json.dumps(body))

    await context.route("**/config.json", told)


async def _sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Your profile").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Welcome to Kaiwa")).to_be_visible()
