"""Asks Kafka which topics it has, with their ids: a topic that was deleted and made again has another id (spec 11).

aiokafka 0.14 stops at Metadata version 5, before topic ids; version 12 (Kafka 2.8) is declared here on its own types.
"""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from chassis.settings import KafkaSettings

ADMIN_TIMEOUT_MS = 15_000


@dataclass(frozen=True, slots=True)
class TopicIdentity:
    """What never changes in the life of a topic, if all is well."""

    id: str
    """As Kafka's tools print it: 16 bytes, base64url without padding."""
    partitions: int


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as the cluster holds it."""

    identity: TopicIdentity
    replication: int
    """The fewest replicas that any of its partitions has."""
    led: bool
    """Every partition has a leader, so it can be written and read."""


async def topic_ids(settings: KafkaSettings) -> dict[str, TopicIdentity]:
    """Identities of all topics in the cluster, by name. Raises aiokafka's KafkaError."""
    async with admin_client(settings) as admin:
        return {name: state.identity for name, state in (await read_topics(admin)).items()}


@asynccontextmanager
async def admin_client(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected admin client; every call of it ends within 15 s. Raises aiokafka's KafkaError."""
    admin = AIOKafkaAdminClient(**settings.aiokafka(), request_timeout_ms=ADMIN_TIMEOUT_MS)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def read_topics(admin: AIOKafkaAdminClient) -> dict[str, TopicState]:
    """State of all topics in the cluster, by name. Raises aiokafka's KafkaError."""
    response = await admin._send_request(_AllTopics())  # its public methods take no request of our own
    topics = (entry for entry in response.to_object()["topics"] if entry["error_code"] != _GONE)
    return {entry["name"]: _state(entry) for entry in topics}


def _state(entry: dict[str, Any]) -> TopicState:
    if entry["error_code"]:
        raise _error(entry["error_code"], entry["name"])
    partitions = entry["partitions"]
    return TopicState(
        identity=TopicIdentity(_printed(entry["topic_id"]), len(partitions)),
        replication=min((len(partition["replicas"]) for partition in partitions), default=0),
        led=bool(partitions) and all(partition["leader"] >= 0 for partition in partitions),
    )


_GONE = UnknownTopicOrPartitionError.errno
"""Deleted between two steps of the broker's answer."""


def _error(code: int, topic: str) -> KafkaError:
    error: KafkaError = for_code(code)(f"Kafka cannot describe {topic}")
    return error


def _printed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


class _Uuid(AbstractType[bytes]):
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


class _MetadataResponseV12(Response):
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataRequestV12(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _MetadataResponseV12
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _AllTopics(Request[_MetadataRequestV12]):
    API_KEY = 3

    def build(self, request_struct_class: type[_MetadataRequestV12]) -> _MetadataRequestV12:
        every: Sequence[Any] | None = None
        return request_struct_class(every, False, False, {})
