"""Figures of the web page in Chromium, on a cluster that runs: ``python -m tests.browser.web_bench .kaiwa``."""

import argparse
import asyncio
import gzip
import json
import statistics
import time
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Route, async_playwright

from contracts.timestamps import iso
from deploy.local.page import WEB
from tests.browser.chromium import find_chromium
from tests.browser.conftest import FLAGS
from tests.browser.windows import Window, Windows, new_user
from tests.people import Town

MANY = 50_000
RATE, SECONDS = 50, 30

SHOWN = """text => new Promise(done => {
  const field = document.querySelector('#composer');
  const began = {};
  const at = () => performance.now() - began.at;
  const seen = {};
  const watch = new MutationObserver(() => {
    const has = selector => [...document.querySelectorAll(selector)].some(one => one.textContent.includes(text));
    if (seen.shown === undefined && has('article[data-draft], article[data-seq]')) seen.shown = at();
    if (has('article[data-seq]')) { seen.sent = at(); watch.disconnect(); done(seen); }
  });
  watch.observe(document.body, {childList: true, subtree: true, characterData: true});
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(field, text);
  field.dispatchEvent(new Event('input', {bubbles: true}));
  setTimeout(() => {
    began.at = performance.now();
    field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true}));
  }, 50);
})"""
FRAMES = """seconds => new Promise(done => {
  const gaps = []; const began = performance.now(); let last = began;
  const frame = now => {
    gaps.push(now - last); last = now;
    if (now - began < seconds * 1000) requestAnimationFrame(frame);
    else done({frames: gaps.length, late: gaps.filter(gap => gap > 25).length, longest: Math.max(...gaps),
      lost: gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / (1000 / 60)) - 1), 0)});
  };
  requestAnimationFrame(frame);
})"""
SCROLLS = """() => { const list = document.querySelector('.message-list'); let down = false;
  window.scrolling = setInterval(() => {
    list.scrollBy(0, down ? 700 : -700);
    if (list.scrollTop < 5000) down = true;
  }, 16); }"""


async def main(folder: Path) -> None:
    """Print every figure, one line each."""
    cluster = json.loads((folder / "cluster.json").read_text())
    weights()
    async with async_playwright() as playwright, Town.of(cluster) as town:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        await first_paint(browser, cluster["webUrl"])
        async with Windows(browser, cluster["webUrl"]) as windows:
            await own_message(windows, town)
            await steady(windows, town)
            await many(windows, town)
        await browser.close()


def weights() -> None:
    for path in sorted((WEB / "dist" / "assets").glob("*.[jc]s*")):
        if path.suffix in (".js", ".css"):
            tell(f"weight of {path.name}", f"{len(gzip.compress(path.read_bytes(), 9)) / 1000:.1f} kB gzip")


async def first_paint(browser: Browser, url: str) -> None:
    """In a fresh browser profile each time: nothing cached."""
    paints = []
    for _ in range(5):
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(url)
        await page.get_by_role("heading", name="Welcome to Kaiwa").wait_for()
        painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
        await page.wait_for_function(painted)
        paints.append(await page.evaluate(painted))
        await context.close()
    tell("first contentful paint, nothing cached", f"{statistics.median(paints):.0f} ms (median of 5)")


async def own_message(windows: Windows, town: Town) -> None:
    window, _, _ = await conversation(windows, town)
    times = [await window.page.evaluate(SHOWN, f"message number {number} of mine") for number in range(30)]
    for name in ("shown", "sent"):
        values = sorted(one[name] for one in times)
        tell(
            f"Enter to own message {name}",
            f"median {statistics.median(values):.1f} ms, worst {values[-1]:.1f} ms of 30",
        )


async def steady(windows: Windows, town: Town) -> None:
    window, room, other = await conversation(windows, town)
    connection = await town.connect(other)
    idle = await window.page.evaluate(FRAMES, 5)
    tell("frames while nothing happens, 5 s", str(idle))
    counting = asyncio.create_task(window.page.evaluate(FRAMES, SECONDS))
    began = time.monotonic()
    for number in range(RATE * SECONDS):
        await connection.say(room, f"message {number} of a busy room, as long as messages are")
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
    tell(f"frames while {RATE} messages/s arrive for {SECONDS} s", str(await counting))
    await connection.close()


async def many(windows: Windows, town: Town) -> None:
    """A room whose history is 50,000 messages, handed to the page as one answer."""
    anna = await town.person(new_user("anna"))
    room = await town.room(anna)
    window = await windows.open(anna)
    before = await heap(window.page)

    body = json.dumps({"messages": [fabricated(room, seq) for seq in range(1, MANY + 1)], "hasMore": False})

    async def all_at_once(route: Route) -> None:
        await route.fulfill(body=body, content_type="application/json")

    await window.page.route("**/messages?**", all_at_once)
    await window.page.get_by_role("link", name=room).click()
    await window.sees(f"message {MANY} ", within_ms=120_000)
    tell(
        f"memory for {MANY} messages",
        f"{(await heap(window.page) - before) / 1e6:.0f} MB of heap, {before / 1e6:.0f} MB without",
    )
    tell("articles drawn of them", str(await window.messages.count()))
    await window.page.evaluate(SCROLLS)
    tell(f"frames while scrolling through {MANY}, 5 s", str(await window.page.evaluate(FRAMES, 5)))


async def heap(page: Page) -> float:
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    return float((await session.send("Runtime.getHeapUsage"))["usedSize"])


def fabricated(room: str, seq: int) -> dict[str, Any]:
    timestamp = 1_760_000_000_000 + seq * 1000
    content = f"message {seq} " + "and some more words " * (seq % 7)
    common = {"chatRoomId": room, "messageType": "user", "timestamp": timestamp, "createdAt": iso(timestamp)}
    return {**common, "messageId": f"id-{seq}", "senderId": f"user-{seq % 5}", "content": content, "seq": seq}


async def conversation(windows: Windows, town: Town) -> tuple[Window, str, str]:
    anna, ben = await town.person(new_user("anna")), await town.person(new_user("ben"))
    room = await town.room(anna, ben)
    return await windows.open(anna, room), room, ben


def tell(what: str, figure: str) -> None:
    print(f"{what}: {figure}", flush=True)  # noqa: T201


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the cluster, with cluster.json")
    asyncio.run(main(parser.parse_args().folder))
