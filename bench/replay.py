"""`python -m bench.replay`: what replay costs on a log of a million events, on engines of its own.

Rates are of one process on this machine, and the rebuild's is put beside what the same table takes from nobody but a
writer in the same run: only the ratio means something elsewhere.
"""

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer
import uvloop
from aiokafka import AIOKafkaProducer
from rich.console import Console

from bench.report import Cell, Report, Section
from chassis.bulk_writer import BulkWriter
from chassis.items import Item
from chassis.log_id import log_id
from chassis.settings import load
from chassis.table import Table
from chassis.table_schema import ensure_table
from chassis.topic_ids import topic_ids
from chassis.topics import ensure_topics
from contracts.envelope import encode
from contracts.facts import MessagePosted, RoomCreated, SubmissionRef
from contracts.ids import derived_event_id, message_id, new_event_id
from contracts.submissions import CreateRoom, SendMessage, Submission
from contracts.table import Key
from contracts.timestamps import iso
from contracts.topics import ROOMS, SUBMISSIONS, TOPICS
from deploy.local.engines import Engines
from replay.diff import Diff
from replay.log import Log
from replay.rebuild import Rebuild
from replay.settings import ReplaySettings
from replay.subject import RoomSubject
from replay.target import prepare
from replay.timeline import Window, timeline

ROOM_COUNT = 500
AT_ONCE = 5_000
PEOPLE = tuple(f"user-{number}" for number in range(20))


def nothing(_done: int, _total: int) -> None:
    return


class Discarding:
    """A writer that keeps nothing: what is left is reading and folding."""

    async def write(self, rows: dict[Key, Item | None]) -> None:  # noqa: ARG002 - the port's shape
        return


class Filler:
    """Submissions and the facts that answer them, as persistence would have decided them."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._seq: dict[str, int] = {}
        self._waiting: list[Any] = []

    def begin_after(self, held: dict[str, int]) -> None:
        """Rooms that stand already, with the `seq` of their last message."""
        self._seq |= held

    async def fill(self, events: int) -> None:
        for number in range(events // 2):
            room = f"room-{number % ROOM_COUNT}"
            asked: Submission = self._message(room) if room in self._seq else self._room(room)
            self._waiting.append((asked, await self._send(SUBMISSIONS.name, room, encode(asked))))
            if len(self._waiting) >= AT_ONCE:
                await self._answer()
        await self._answer()

    async def _answer(self) -> None:
        futures = []
        for asked, sent in self._waiting:
            place = await sent
            reference = SubmissionRef(partition=place.partition, offset=place.offset, event_id=asked.event_id)
            fact = self._fact(asked, reference, place.timestamp)
            futures.append(await self._send(ROOMS.name, asked.chat_room_id, encode(fact)))
        self._waiting.clear()
        for future in futures:
            await future

    async def _send(self, topic: str, room: str, value: bytes) -> Any:
        return await self._producer.send(topic, value, key=room.encode())

    def _room(self, room: str) -> CreateRoom:
        self._seq[room] = 0
        shared: Any = {"event_id": new_event_id(), "occurred_at": iso(0), "chat_room_id": room}
        return CreateRoom(**shared, name=room, participant_ids=PEOPLE, requested_by=PEOPLE[0])

    def _message(self, room: str) -> SendMessage:
        shared: Any = {"event_id": new_event_id(), "occurred_at": iso(0), "chat_room_id": room}
        return SendMessage(**shared, sender_id=PEOPLE[1], content=uuid.uuid4().hex * 3)

    def _fact(self, asked: Submission, reference: SubmissionRef, time_ms: int) -> RoomCreated | MessagePosted:
        shared: Any = {
            "event_id": derived_event_id(asked.event_id),
            "occurred_at": asked.occurred_at,
            "chat_room_id": asked.chat_room_id,
            "submission": reference,
        }
        if isinstance(asked, CreateRoom):
            return RoomCreated(
                **shared, name=asked.name, participant_ids=PEOPLE, created_by=PEOPLE[0], created_at=iso(time_ms)
            )
        self._seq[asked.chat_room_id] += 1
        seq, room = self._seq[asked.chat_room_id], asked.chat_room_id
        timestamp = 1_753_900_200_000 + seq
        named = message_id(PEOPLE[1], room, client_message_id=None, event_id=asked.event_id)
        content = asked.content if isinstance(asked, SendMessage) else ""
        return MessagePosted(
            **shared,
            message_id=named,
            sender_id=PEOPLE[1],
            content=content,
            created_at=iso(timestamp),
            timestamp=timestamp,
            seq=seq,
        )


@asynccontextmanager
async def timed(found: dict[str, float], name: str) -> AsyncIterator[None]:
    wall, cpu = time.monotonic(), time.process_time()
    yield
    found[f"{name} s"], found[f"{name} cpu"] = time.monotonic() - wall, time.process_time() - cpu


async def fold(settings: ReplaySettings) -> dict[str, float]:
    """Fold all of chat.rooms, writing nothing."""
    found: dict[str, float] = {}
    log = await Log.open(settings, *TOPICS)
    async with timed(found, "fold"), Table(settings) as reads:
        result = await Rebuild(log, reads, Discarding(), nothing).run()  # type: ignore[arg-type]
    return found | {"events": result.events, "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


async def one_room(settings: ReplaySettings) -> dict[str, float]:
    """The timeline of one room."""
    found: dict[str, float] = {}
    log = await Log.open(settings, *TOPICS)
    async with timed(found, "timeline"):
        lines = [line async for line in timeline(log, RoomSubject("room-7"), Window(), nothing)]
    return found | {"lines": len(lines), "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


async def tables(settings: ReplaySettings) -> dict[str, float]:
    """Rebuild into one table, write as many rows by hand into another, and compare two rebuilt ones."""
    found: dict[str, float] = {}
    log = await Log.open(settings, *TOPICS)
    now = log_id(await topic_ids(settings))
    names = [settings.of_table(name) for name in ("again-a", "again-b", "by-hand")]
    for target in names:
        await asyncio.to_thread(prepare, target, settings, now)
    rows = 0
    for target in names[:2]:
        async with timed(found, f"rebuild {target.table}"), Table(target) as reads, BulkWriter(target) as writer:
            rows = (await Rebuild(log, reads, writer, nothing).run()).rows
    async with Table(names[0]) as reads, BulkWriter(names[2]) as writer:
        items = [item async for page in reads.scan(0, 1, page=1_000) for item in page]
        # In no order, as a log brings them: a table takes sorted rows faster.
        random.shuffle(items)
        async with timed(found, "by hand"):
            for start in range(0, len(items), 4_000):
                part = items[start : start + 4_000]
                await writer.write({Key(one["PK"]["S"], one["SK"]["S"]): one for one in part})
    async with Table(names[0]) as one, Table(names[1]) as other, timed(found, "diff"):
        walk = Diff(log, one, other, None)
        differences = [each async for each in walk.run()]
    return found | {
        "rebuilt": rows,
        "hand rows": len(items),
        "diff rows": walk.counted.rows,
        "differ": len(differences),
    }


STEPS = {"fold": fold, "timeline": one_room, "tables": tables}


def step(name: str, settings: ReplaySettings) -> dict[str, float]:
    """A step in a process of its own, so that its memory is its own."""
    secret = settings.secret_access_key
    told = {
        "KAIWA_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "KAIWA_DYNAMODB_ENDPOINT": settings.dynamodb_endpoint or "",
        "KAIWA_REGION": settings.region,
        "KAIWA_ACCESS_KEY_ID": settings.access_key_id or "",
        "KAIWA_SECRET_ACCESS_KEY": secret.get_secret_value() if secret else "",
    }
    command = [sys.executable, "-m", "bench.replay", "--step", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | told)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


async def _fill(settings: ReplaySettings, events: int) -> None:
    await ensure_topics(settings)
    await asyncio.to_thread(ensure_table, settings)
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, linger_ms=5, max_batch_size=256 * 1024
    ) as producer:
        await Filler(producer).fill(events)


def measure(engines: Engines, events: int) -> dict[str, dict[str, float]]:
    """All steps on a log of so many events; the table's on one of a tenth, for a table in memory is slow."""
    kafka, dynamodb = engines.kafka(), engines.dynamodb()
    settings = ReplaySettings(
        kafka_bootstrap=kafka.bootstrap,
        table="kaiwa",
        dynamodb_endpoint=dynamodb.endpoint,
        region=dynamodb.region,
        access_key_id=dynamodb.access_key_id,
        secret_access_key=dynamodb.secret_access_key,
    )
    found: dict[str, dict[str, float]] = {}
    small = max(2_000, events // 50)
    asyncio.run(_fill(settings, small))
    found["small fold"] = step("fold", settings)
    found["tables"] = step("tables", settings)
    asyncio.run(_fill_more(settings, events - small))
    return found | {"fold": step("fold", settings), "timeline": step("timeline", settings)}


async def _fill_more(settings: ReplaySettings, events: int) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, linger_ms=5, max_batch_size=256 * 1024
    ) as producer:
        filler = Filler(producer)
        filler.begin_after(await _counts(settings))
        await filler.fill(events)


async def _counts(settings: ReplaySettings) -> dict[str, int]:
    log = await Log.open(settings, *TOPICS)
    held: dict[str, int] = {}
    async for batch in log.records(await log.between(log.parts(ROOMS))):
        for record in batch:
            key = (record.key or b"").decode()
            held[key] = held.get(key, -1) + 1
    return held


def section(events: int, found: dict[str, dict[str, float]]) -> Section:
    """The figures as a table."""
    whole, small, room, both = found["fold"], found["small fold"], found["timeline"], found["tables"]
    rebuild = both["rebuilt"] / both["rebuild again-a s"]
    by_hand = both["hand rows"] / both["by hand s"]
    rows: list[tuple[Cell, ...]] = [
        ("events folded a second and core", whole["events"] / whole["fold cpu"]),
        (f"peak memory of that, {whole['events']:,.0f} facts (MiB)", whole["MiB"]),
        (f"peak memory at {small['events']:,.0f} facts (MiB)", small["MiB"]),
        (f"timeline of one room among {events:,} events (s)", room["timeline s"]),
        ("  of it, CPU (s)", room["timeline cpu"]),
        ("  lines told", room["lines"]),
        ("rebuild, rows a second", rebuild),
        ("the same rows written by hand, a second", by_hand),
        ("rebuild : by hand", rebuild / by_hand),
        ("diff, rows a second", both["diff rows"] / both["diff s"]),
    ]
    return Section(f"Replay on {events:,} events (table in memory)", ("", "measured"), rows)


def main(
    events: Annotated[int, typer.Option("--events", help="in chat.submissions and chat.rooms together")] = 1_000_000,
    only: Annotated[str | None, typer.Option("--step", hidden=True)] = None,
) -> None:
    """Measure replay on engines of its own."""
    if only is not None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            print(json.dumps(runner.run(STEPS[only](load(ReplaySettings)))))
        return
    with Engines() as engines:
        found = measure(engines, events)
    Report().add(section(events, found), Console())


if __name__ == "__main__":
    typer.run(main)
