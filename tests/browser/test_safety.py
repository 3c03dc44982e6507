"""Whatever people write stays text; the page may run nothing but its own files, and keeps no token."""

import re

import pytest
from playwright.async_api import Dialog, expect

from tests.browser.windows import Windows, new_user
from tests.people import Town

ATTACKS = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "<svg/onload=window.hacked=1>",
    '"><script>window.hacked=1</script>',
    "'-window.hacked=1-'",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<a href=javascript:window.hacked=1>click</a>",
    "javascript:window.hacked=1//https://example.com",
    "JaVaScRiPt:window.hacked=1",
    "data:text/html,<script>window.hacked=1</script>",
    'https://example.com/"onmouseover=window.hacked=1//',
    "https://example.com/'><img src=x onerror=window.hacked=1>",
    "<math><mi//xlink:href='data:x,<script>window.hacked=1</script>'>",
    "<style>@import 'http://127.0.0.1:9/x';</style>",
    "{{constructor.constructor('window.hacked=1')()}}",
    "${window.hacked=1}",
    "<details open ontoggle=window.hacked=1>",
    "<form action=javascript:window.hacked=1><button autofocus>",
    "</textarea><script>window.hacked=1</script>",
    "\u202egnp.exe\u2066 <b>bold</b>",
    "[x](javascript:window.hacked=1) ![y](x onerror=window.hacked=1)",
    "&lt;script&gt;window.hacked=1&lt;/script&gt;",
    "ftp://example.com/x //example.com/y mailto:a@example.com",
)


async def test_attacks_in_messages_and_names_stay_text(windows: Windows, town: Town) -> None:
    eve, anna = await town.person(new_user("eve")), await town.person(new_user("anna"))
    attack = "<img src=x onerror=window.hacked=1>"
    code, _ = await town.call(eve, "PUT", f"/api/users/{eve}/profile", {"displayName": attack})
    assert code == 200
    room = new_user("room")
    body = {"name": '"><script>window.hacked=1</script>', "chatRoomId": room, "participantIds": [anna]}
    assert (await town.call(eve, "POST", "/api/rooms", body))[0] == 201
    a, e = await windows.open(anna, room), await town.connect(eve, wait=False)
    dialogs: list[Dialog] = []
    a.page.on("dialog", lambda dialog: dialogs.append(dialog))  # noqa: PLW0108 - Playwright marks what it is given
    for number, text in enumerate(ATTACKS):
        await e.say(room, text, key=f"k{number}")
        # One at a time, so that each is drawn.
        await expect(a.page.locator(f'[data-seq="{number + 1}"] .text')).to_have_text(text)
        await a.page.locator(f'[data-seq="{number + 1}"] .text').hover()
    await a.page.get_by_role("button", name="People in this room").click()
    await expect(a.page.locator(f'[data-user="{eve}"] bdi')).to_have_text(attack)
    await expect(a.page.get_by_role("heading", name="<script>")).to_be_visible()
    assert await a.page.evaluate("window.hacked") is None
    assert dialogs == []
    assert await a.page.locator(".text :not(a), .room-list script, .members img, bdi *").count() == 0
    for link in await a.page.locator(".text a").all():
        assert re.match(r"(https?://|mailto:)", await link.get_attribute("href") or "")
        assert await link.get_attribute("rel") == "noopener noreferrer nofollow"
        assert await link.get_attribute("target") == "_blank"
    await e.close()


async def test_a_link_leads_where_it_says(windows: Windows, town: Town) -> None:
    anna, ben = await town.person(new_user("anna")), await town.person(new_user("ben"))
    a = await windows.open(anna, await town.room(anna, ben))
    await a.say("see https://example.com/a?b=c&d=é#e, (http://例え.jp/) or write to ben@example.com.")
    await expect(a.messages).to_have_count(1)
    links = await a.page.locator(".text a").all()
    assert [await link.text_content() for link in links] == [
        "https://example.com/a?b=c&d=é#e",
        "http://例え.jp/",
        "ben@example.com",
    ]
    assert [await link.get_attribute("href") for link in links] == [
        "https://example.com/a?b=c&d=é#e",
        "http://例え.jp/",
        "mailto:ben@example.com",
    ]


@pytest.mark.parametrize(
    "attempt",
    [
        "const s = document.createElement('script'); s.text = 'window.hacked = 1'; document.body.append(s)",
        "document.body.innerHTML = '<b onclick=x>hi</b>'",
        "eval('window.hacked = 1')",
        "new Function('window.hacked = 1')()",
        "setTimeout('window.hacked = 1', 0)",
        "document.body.setAttribute('onclick', 'window.hacked = 1'); document.body.click()",
    ],
)
async def test_the_pages_policy_stops_what_would_get_in_all_the_same(
    windows: Windows, town: Town, attempt: str
) -> None:
    windows.expected = lambda _: True
    page = await windows.page(await windows.context())
    await page.goto(windows.url)
    await expect(page.get_by_role("heading", name="Welcome to Kaiwa")).to_be_visible()
    # As a script of the page itself would do it: code that Playwright evaluates stands above the policy.
    await page.evaluate(
        f"() => new Promise(done => setTimeout(() => {{ try {{ {attempt} }} catch {{}} setTimeout(done) }}))"
    )
    assert await page.evaluate("window.hacked") is None
    windows.faults.clear()


async def test_nothing_that_outlives_the_tab_holds_a_token(windows: Windows, town: Town) -> None:
    anna = await town.person(new_user("anna"))
    context = await windows.context()
    a = await windows.open(anna, await town.room(anna), context=context)
    await a.say("hello")
    await expect(a.messages).to_have_count(1)
    kept = await a.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "eyJ" not in kept
    assert anna not in await a.page.evaluate("JSON.stringify({...localStorage})")
    assert "token" not in a.page.url
