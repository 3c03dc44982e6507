"""The commands of replay on a running cluster: they answer, and nobody but the one who asks notices."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from typer.testing import CliRunner

from cli.app import app
from contracts.topics import GATEWAYS, SUBMISSIONS, TOPICS
from tests.people import Closing, Connection, Town
from tests.replay_town import known_person, known_room
from tests.waiting import eventually

pytestmark = pytest.mark.cluster


@pytest.fixture
async def town(cluster: dict[str, Any]) -> AsyncIterator[Town]:
    async with Town.of(cluster) as town:
        yield town


class Asked:
    """`kaiwa replay …` as a user of the cluster would type it."""

    def __init__(self, town: Town) -> None:
        self._directory = str(Path(town.cluster["path"]).parent)

    async def __call__(self, *words: str, code: int | None = 0) -> str:
        command = ["replay", *words, "--dir", self._directory]
        result = await asyncio.to_thread(CliRunner().invoke, app, command)
        assert code is None or result.exit_code == code, (command, result.output, result.exception)
        return result.stdout

    async def lines(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (await self(*words, "--json", code=None)).splitlines()]


async def a_message(town: Town, tag: str) -> tuple[str, str, Connection, str]:
    """A room, the sender's connection, and a message that ben has got."""
    people = [await known_person(town, f"{tag}-{who}") for who in ("ann", "ben")]
    room = await known_room(town, *people)
    ann = await town.connect(people[0])
    ben = await town.connect(people[1], gateway="gateway-2")
    await ann.say(room, "a secret", key=uuid.uuid4().hex)
    (frame,) = await ben.got("MESSAGE", chatRoomId=room, within_s=60)
    await ben.close()
    return room, people[1], ann, frame["messageId"]


async def ends(town: Town) -> dict[str, int]:
    names = [topic.name for topic in TOPICS if topic is not GATEWAYS]
    async with AIOKafkaConsumer(bootstrap_servers=town.cluster["kafkaBootstrap"]) as consumer:
        partitions = [TopicPartition(name, n) for name in names for n in await _numbers(consumer, name)]
        found = await consumer.end_offsets(partitions)
    return {f"{one.topic}/{one.partition}": end for one, end in found.items()}


async def _numbers(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    consumer._client.add_topic(topic)
    await consumer._client.force_metadata_update()
    return consumer.partitions_for_topic(topic) or set()


def tables(town: Town) -> set[str]:
    names: list[str] = town.table().list_tables()["TableNames"]
    return set(names)


@pytest.mark.timeout(600)
async def test_everything_is_answered_and_no_client_topic_or_table_notices(town: Town, tmp_path: Path) -> None:
    asked, tag = Asked(town), "silent"
    room, ben, ann, message = await a_message(town, tag)
    async with Closing() as keep:
        keep(ann)

        async def ben_is_offline() -> bool:
            values = [json.loads(one.value) for one in await town.records("chat.presence") if one.key == ben.encode()]
            return bool(values) and values[-1]["status"] == "offline"

        # The end of ben's grace is an event of its own.
        await eventually(ben_is_offline, within_s=60, every_s=0.5)
        frames, before, rows = list(ann.frames), await ends(town), await town.rows(f"CHATROOM#{room}")
        names, into, file = tables(town), f"again-{uuid.uuid4().hex[:8]}", str(tmp_path / "complaint.kaiwa")

        assert (await asked.lines("timeline", "--user", ben))[0]["type"] == "profileUpdated"
        told = await asked("timeline", "--room", room)
        assert "a secret" not in told
        assert message in told
        assert "a secret" in await asked("timeline", "--message", message, "--show-content")
        assert "delivered" in await asked("explain", "--message", message, "--user", ben)
        (seen,) = await asked.lines("room", room)
        assert seen["seq"] == 1
        await asked("rebuild", "--into", into)
        await asked("diff", into, "live", code=None)
        await asked("fsck", "--rate", "100000", code=None)
        await asked("shadow", code=None)
        await asked("dead-letters", "list", "--all")
        await asked("capsule", "export", "--room", room, file)
        await asked("capsule", "import", file, "--as", into)
        explained = ["explain", "--message", message, "--user", ben]
        for question in (["timeline", "--room", room], ["room", room], explained):
            assert await asked(*question) == await asked(*question, "--capsule", into)

        assert ann.frames == frames
        assert await ends(town) == before
        assert await town.rows(f"CHATROOM#{room}") == rows
        assert tables(town) - names == {into}
    await asked("capsule", "import", file, "--as", into, code=1)
    await asked("capsule", "import", file, "--as", into, "--replace")


async def test_a_dead_letter_is_put_back_once_however_often_it_is_asked_for(town: Town) -> None:
    asked = Asked(town)
    room = f"dead-{uuid.uuid4().hex[:8]}"
    async with AIOKafkaProducer(bootstrap_servers=town.cluster["kafkaBootstrap"]) as producer:
        bad = b'{"type":"sendMessage","version":1,"eventId":"e","occurredAt":"x","chatRoomId":"r","senderId":"s"}'
        await producer.send_and_wait(SUBMISSIONS.name, bad, key=room.encode())

    async def open_letters() -> list[dict[str, Any]]:
        return [one for one in await asked.lines("dead-letters", "list") if one.get("key") == room]

    (letter,) = await eventually(open_letters, within_s=60)
    assert letter["code"] == "UNDECODABLE"
    assert "redriven" in await asked("dead-letters", "redrive", letter["id"])
    assert "was redriven" in await asked("dead-letters", "redrive", letter["id"])
    again = [one for one in await town.records(SUBMISSIONS.name) if one.key == room.encode()]
    assert [one.value for one in again] == [bad, bad]
    assert dict(again[1].headers)["kaiwa-redriven"] == letter["id"].encode()

    async def is_back() -> list[dict[str, Any]]:
        return [one for one in await open_letters() if one["id"] != letter["id"]]

    (second,) = await eventually(is_back, within_s=60)
    await asked("dead-letters", "discard", second["id"])
    assert await open_letters() == []
