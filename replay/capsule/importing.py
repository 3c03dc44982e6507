"""A capsule into topics of its own, which no service reads: nothing of it is decided again, and no client hears of it.

The records keep their partitions; each carries its origin in a header (spec 11). The manifest is written last: a
capsule without one is not whole.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from chassis.backoff import Backoff
from chassis.records import Record
from chassis.settings import KafkaSettings
from chassis.topic_ids import ADMIN_TIMEOUT_MS, admin_client, read_topics
from contracts.headers import ORIGIN
from contracts.limits import DEAD_LETTER_BYTES
from contracts.topics import TOPICS
from replay.capsule.file import BadCapsule, read_capsule, records_of
from replay.log import Origin
from replay.origin import Manifest, capsule_topic, is_capsule_name, manifest_topic
from replay.timeline import OnProgress

IN_FLIGHT = 1_000
READY_WITHIN_S = 30.0


class AlreadyImported(Exception):
    """There are topics of a capsule of this name."""

    code = "ALREADY_IMPORTED"
    retryable = False


async def import_capsule(
    settings: KafkaSettings, path: Path, name: str, on_progress: OnProgress, *, replace: bool = False
) -> tuple[Manifest, int]:
    """Import the file as `name`; returns its manifest and how many records it holds.

    Raises BadCapsule (nothing was written), AlreadyImported, or what Kafka raises (import again with `replace`).
    """
    if not is_capsule_name(name):
        raise BadCapsule(f"{name!r} cannot be a capsule's name: at most 64 letters, digits, - and _")
    manifest, count = await asyncio.to_thread(read_capsule, path)
    if set(manifest.partitions) != {topic.name for topic in TOPICS}:
        raise BadCapsule(f"{path} is corrupt: its manifest does not name the topics of this system")
    async with admin_client(settings) as admin:
        await _make_topics(admin, settings, manifest, name, replace=replace)
    await _write(settings, path, manifest, name, count, on_progress)
    return manifest, count


async def _make_topics(
    admin: AIOKafkaAdminClient, settings: KafkaSettings, manifest: Manifest, name: str, *, replace: bool
) -> None:
    wanted = {capsule_topic(name, topic): count for topic, count in manifest.partitions.items()}
    wanted[manifest_topic(name)] = 1
    standing = [topic for topic in await read_topics(admin) if topic in wanted]
    if standing and not replace:
        raise AlreadyImported(f"a capsule {name} was imported already: name another one (--as), or add --replace")
    if standing:
        await _remove(admin, standing)
    await _create(admin, [_topic(settings, topic, count) for topic, count in wanted.items()])


def _topic(settings: KafkaSettings, topic: str, partitions: int) -> NewTopic:
    configs = {
        "message.timestamp.type": "CreateTime",
        "message.timestamp.before.max.ms": str(2**63 - 1),
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "max.message.bytes": str(DEAD_LETTER_BYTES),
    }
    return NewTopic(topic, partitions, settings.replication, topic_configs=configs)


async def _remove(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> None:
    await admin.delete_topics(list(topics), timeout_ms=ADMIN_TIMEOUT_MS)
    async with asyncio.timeout(READY_WITHIN_S):
        backoff = Backoff(most_s=1.0)
        while set(topics) & set(await read_topics(admin)):
            await backoff.wait()


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[NewTopic]) -> None:
    names = {topic.name for topic in topics}
    async with asyncio.timeout(READY_WITHIN_S):
        backoff = Backoff(most_s=1.0)
        while not _all_led(await read_topics(admin), names):
            response = await admin.create_topics(list(topics), timeout_ms=ADMIN_TIMEOUT_MS)
            for topic, code, message in response.topic_errors:
                if code not in {0, TopicAlreadyExistsError.errno}:
                    raise for_code(code)(f"Kafka does not create {topic}: {message}")
            await backoff.wait()


def _all_led(standing: dict[str, Any], names: set[str]) -> bool:
    return all(name in standing and standing[name].led for name in names)


async def _write(
    settings: KafkaSettings, path: Path, manifest: Manifest, name: str, count: int, on_progress: OnProgress
) -> None:
    producer = AIOKafkaProducer(
        **settings.aiokafka(), acks="all", enable_idempotence=True, linger_ms=5, max_request_size=DEAD_LETTER_BYTES
    )
    async with producer:
        waiting: list[Any] = []
        for number, record in enumerate(records_of(path), start=1):
            waiting.append(await _send(producer, record, name))
            if len(waiting) >= IN_FLIGHT:
                await asyncio.gather(*waiting)
                waiting.clear()
                on_progress(number, count)
        await asyncio.gather(*waiting)
        await producer.send_and_wait(manifest_topic(name), msgspec.json.encode(manifest))


async def _send(producer: AIOKafkaProducer, record: Record, name: str) -> Any:
    origin = Origin(record.topic, record.partition, record.offset, record.timestamp)
    key = record.key if record.key is not None or record.value is not None else b""
    return await producer.send(
        capsule_topic(name, record.topic),
        record.value,
        key=key,
        partition=record.partition,
        timestamp_ms=record.timestamp,
        headers=[*record.headers, (ORIGIN, msgspec.json.encode(origin))],
    )
