"""One message is one trace, from its frame to the sockets, on a whole cluster with a collector of the test's own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bench.collector import Collector, Told, collecting
from tests import leaks
from tests.people import Connection, Town
from tests.waiting import eventually

pytestmark = pytest.mark.engine

CONTENT = "words-that-nobody-else-may-read"
SENT = "frame sendMessage"
TREE = {
    ("kaiwa-gateway", SENT): None,
    ("kaiwa-gateway", "send chat.submissions"): SENT,
    ("kaiwa-persistence", "process chat.submissions"): "send chat.submissions",
    ("kaiwa-persistence", "transact room"): "process chat.submissions",
    ("kaiwa-persistence", "send chat.rooms"): "process chat.submissions",
    ("kaiwa-fanout", "process chat.rooms"): "send chat.rooms",
    ("kaiwa-fanout", "route"): "process chat.rooms",
    ("kaiwa-fanout", "push"): "process chat.rooms",
    ("kaiwa-fanout", "POST @pushes"): "push",
    ("kaiwa-gateway", "POST @pushes"): "POST @pushes",
    ("kaiwa-gateway", "write"): "POST @pushes",
    ("kaiwa-fanout", "send chat.deliveries"): "process chat.rooms",
}
"""Each span of one message, by its process and name, and the name of the one that it is under."""
TWICE = {"push", "POST @pushes", "write", "send chat.deliveries"}
"""There are two gateways."""


@asynccontextmanager
async def cluster(folder: Path, endpoint: str) -> AsyncIterator[dict[str, Any]]:
    """A cluster with traces."""
    kaiwa = Path(sys.executable).with_name("kaiwa")
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("KAIWA_TRACES_ENDPOINT", endpoint)
        environ.setenv("KAIWA_TRACES_RATIO", "1")
        options = ["--ephemeral", "--detach", "--gateways", "2", "--dir", str(folder)]
        up = await run(kaiwa, "up", *options, timeout_s=200)
    try:
        assert up.returncode == 0, up.stderr
        path = folder / "cluster.json"
        yield {**json.loads(path.read_text(encoding="utf-8")), "path": str(path)}
    finally:
        await run(kaiwa, "down", "--dir", str(folder), timeout_s=120)


async def run(program: Path, *arguments: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
    """In a thread: the collector answers meanwhile."""

    def ran() -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=timeout_s, check=False)

    return await asyncio.to_thread(ran)


class Traced:
    """A town whose processes tell a collector what they do."""

    def __init__(self, town: Town, collector: Collector) -> None:
        self.town = town
        self.collector = collector

    def of(self, span: Told) -> list[Told]:
        """Its trace."""
        return [other for other in self.collector.spans if other.trace_id == span.trace_id]

    def named(self, name: str, room: str | None = None) -> list[Told]:
        found = [span for span in self.collector.spans if span.name == name]
        return [span for span in found if room in (None, span.attributes.get("kaiwa.room.id"))]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def traced(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Traced]:
    folder = tmp_path_factory.mktemp("traced") / ".kaiwa"
    async with collecting() as collector, cluster(folder, collector.endpoint) as described:
        async with Town.of(described) as town:
            yield Traced(town, collector)
        await leaks.none_in(leaks.of_cluster(described))


async def two_people(town: Town) -> tuple[Connection, Connection, str]:
    anna, ben = [await town.person(f"{name}-{uuid.uuid4().hex[:6]}") for name in ("anna", "ben")]
    room = await town.room(anna, ben)
    return await town.connect(anna), await town.connect(ben, gateway="gateway-2"), room


async def test_one_message_is_one_trace_from_its_frame_to_the_sockets(traced: Traced) -> None:
    a, b, room = await two_people(traced.town)
    await a.say(room, CONTENT, key="k")
    for place in (a, b):
        await place.got("MESSAGE", chatRoomId=room, content=CONTENT)
    [frame] = await eventually(lambda: traced.named(SENT, room))
    # All of it, and all that is there twice: `POST @pushes` is a span of both sides.
    await eventually(lambda: len(traced.of(frame)) >= len(TREE) + len(TWICE) + 1)
    trace = traced.of(frame)
    by_id = {span.span_id: span for span in trace}
    assert {(span.process, span.name) for span in trace} == TREE.keys()
    for span in trace:
        parent = by_id.get(span.parent_id)
        assert (parent.name if parent else None) == TREE[span.process, span.name], span
        assert parent is None or parent.began_ns <= span.began_ns <= span.ended_ns, span
    names = [span.name for span in trace]
    assert {name for name in names if names.count(name) > 1} == TWICE
    assert [names.count(name) for name in ("push", "write", "POST @pushes")] == [2, 2, 4]
    await a.close()
    await b.close()


async def test_its_spans_say_where_in_the_log_and_in_which_room(traced: Traced) -> None:
    a, b, room = await two_people(traced.town)
    await a.say(room, CONTENT, key="k")
    [ack] = await a.got("ACK", clientMessageId="k")
    await b.got("MESSAGE", chatRoomId=room)
    [frame] = await eventually(lambda: traced.named(SENT, room))
    assert frame.attributes["kaiwa.message.id"] == ack["messageId"]
    names = ("send chat.submissions", "process chat.submissions")
    # Each process exports by itself, so nothing is told by what has come already.
    await eventually(lambda: {span.name for span in traced.of(frame)}.issuperset(names))
    sent, processed = [next(span for span in traced.of(frame) if span.name == name) for name in names]
    for place in ("messaging.destination.partition.id", "messaging.kafka.offset"):
        assert sent.attributes[place] == processed.attributes[place]
    await a.close()
    await b.close()


async def test_a_request_to_the_http_api_is_a_trace_of_its_own_through_the_log(traced: Traced) -> None:
    await two_people(traced.town)
    request = (await eventually(lambda: traced.named("POST /api/rooms")))[-1]
    names = {"send chat.submissions", "process chat.submissions", "process chat.rooms", "route"}
    await eventually(lambda: names <= {span.name for span in traced.of(request)})
    assert request.process == "kaiwa-api"
    assert request.trace_id not in {span.trace_id for span in traced.named(SENT)}


async def test_neither_a_word_nor_a_token_nor_a_user_has_reached_the_collector(traced: Traced) -> None:
    told = b"".join(traced.collector.bodies)
    assert b"kaiwa.room.id" in told
    assert CONTENT.encode() not in told
    assert leaks.hits(told) == []
    assert b"anna-" not in told
    assert b"ben-" not in told


async def test_a_collector_that_has_gone_hurts_nobody(traced: Traced) -> None:
    traced.collector.answer = 503
    a, b, room = await two_people(traced.town)
    for number in range(20):
        await a.say(room, f"{CONTENT} {number}", key=f"k{number}")
    await b.got("MESSAGE", chatRoomId=room, count=20)
    assert len(a.of("ACK")) == 20
    for name in ("gateway-1", "persistence", "fanout", "api"):
        await eventually(lambda name=name: drops(traced.town, name), within_s=30)  # type: ignore[misc]
    traced.collector.answer = 200
    await a.close()
    await b.close()


async def drops(town: Town, name: str) -> bool:
    async with aiohttp.ClientSession() as http, http.get(town.described()["processes"][name]["metricsUrl"]) as answer:
        return 'kaiwa_trace_spans_dropped_total{cause="collector"}' in await answer.text()
