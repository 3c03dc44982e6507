"""Where an imported capsule stands in Kafka: topics of its own, which no service reads, and what they tell of theirs.

capsule.NAME.chat.rooms …    the records, each with its origin in a header
capsule.NAME.manifest        one record: partitions, ends and beginnings of the log they were taken from
"""

import re
from typing import Any

import msgspec
from aiokafka import TopicPartition

from chassis.log_reader import NoTopic, Reader

PREFIX = "capsule."
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class NotImported(Exception):
    """There is no capsule of this name in this Kafka, or its import did not end."""

    code = "NOT_IMPORTED"
    retryable = False


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a capsule tells of itself; its first line, and the value of the manifest's record."""

    format: str
    version: int
    made_at: str
    about: str
    """The selection, as it was asked for."""
    contents: bool
    """Whether it holds what people wrote."""
    partitions: dict[str, int]
    ends: dict[str, list[int]]
    """Of each topic and partition the offset after the last one, when the capsule was made."""
    begins: dict[str, list[int]]
    beginnings: list[tuple[str, int, int, str | None]] = []
    """Topic, partition, offset and time of where history began later than the topic."""
    log: dict[str, Any] = {}
    """Topic ids of the log it was taken from."""

    def end(self, topic: str, partition: int) -> int:
        """The offset after the last one."""
        return self.ends[topic][partition]

    def begin(self, topic: str, partition: int) -> int:
        """The first offset that retention had left."""
        return self.begins[topic][partition]


def is_capsule_name(name: str) -> bool:
    """Whether a capsule may be imported under this name."""
    return _NAME.fullmatch(name) is not None


def capsule_topic(capsule: str, topic: str) -> str:
    """Where the records of `topic` stand."""
    return f"{PREFIX}{capsule}.{topic}"


def manifest_topic(capsule: str) -> str:
    """Where its manifest stands; written last, so that a capsule without one is not whole."""
    return f"{PREFIX}{capsule}.manifest"


async def read_manifest(reader: Reader, topic: str) -> Manifest:
    """The manifest of an imported capsule; raises NotImported."""
    try:
        spans = await reader.bounds(topic)
    except NoTopic:
        raise NotImported(f"no capsule of this name was imported here (no topic {topic})") from None
    last = None
    async for batch in reader.records({TopicPartition(topic, 0): spans[TopicPartition(topic, 0)]}):
        last = batch[-1] if batch else last
    if last is None or last.value is None:
        raise NotImported(f"the import that made {topic} did not end: import the capsule again with --replace")
    return msgspec.json.decode(last.value, type=Manifest)
