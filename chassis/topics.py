"""Creates and checks the topics of contracts/topics.py (spec 11 and 13)."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from chassis.backoff import Backoff
from chassis.difference import Difference
from chassis.settings import KafkaSettings
from chassis.topic_checks import Plan, differences, plans
from chassis.topic_ids import ADMIN_TIMEOUT_MS, TopicState, admin_client, read_topics

READY_WITHIN_S = 30.0


class TopicRefused(Exception):
    """Kafka does not create a topic as it should be."""

    code = "TOPIC_REFUSED"
    retryable = False


class TopicsNotReady(Exception):
    """Topics were created but have no leaders yet."""

    code = "TOPICS_NOT_READY"
    retryable = True


async def ensure_topics(settings: KafkaSettings, *, production: bool = False) -> tuple[str, ...]:
    """Creates the topics that are missing and returns their names, once every partition of all topics has a leader.

    Those that stand stay as they are (`check_topics` compares them). Safe to repeat, and to run twice at once.
    Raises TopicRefused, TopicsNotReady after 30 s, or aiokafka's KafkaError.
    """
    wanted, created = plans(settings, production=production), set[str]()
    backoff, deadline = Backoff(most_s=1.0), time.monotonic() + READY_WITHIN_S
    async with admin_client(settings) as admin:
        while waiting := _without_leaders(wanted, standing := await read_topics(admin)):
            if time.monotonic() > deadline:
                raise TopicsNotReady(f"no leader after {READY_WITHIN_S:.0f} s for {', '.join(waiting)}")
            # Again at each turn: one that is being deleted stands for a moment longer.
            created |= await _create(admin, [plan for plan in wanted if plan.topic not in standing])
            await backoff.wait()
    return tuple(plan.topic for plan in wanted if plan.topic in created)


async def check_topics(settings: KafkaSettings, *, production: bool = False) -> list[Difference]:
    """How the topics that stand differ from what they should be, each with the command that mends it.

    Raises aiokafka's KafkaError.
    """
    wanted = plans(settings, production=production)
    async with admin_client(settings) as admin:
        standing = await read_topics(admin)
        configs = await _configs(admin, [plan.topic for plan in wanted if plan.topic in standing])
    return _compare(wanted, standing, configs, settings.kafka_bootstrap)


def _compare(
    wanted: Iterable[Plan],
    standing: Mapping[str, TopicState],
    configs: Mapping[str, Mapping[str, str]],
    bootstrap: str,
) -> list[Difference]:
    return [
        difference
        for plan in wanted
        for difference in differences(plan, standing.get(plan.topic), configs.get(plan.topic, {}), bootstrap)
    ]


def _without_leaders(wanted: Iterable[Plan], standing: Mapping[str, TopicState]) -> list[str]:
    return [plan.topic for plan in wanted if plan.topic not in standing or not standing[plan.topic].led]


async def _create(admin: AIOKafkaAdminClient, missing: Sequence[Plan]) -> set[str]:
    if not missing:
        return set()
    response = await admin.create_topics([_new_topic(plan) for plan in missing], timeout_ms=ADMIN_TIMEOUT_MS)
    return {topic for topic, code, message in response.topic_errors if _was_created(topic, code, message)}


def _new_topic(plan: Plan) -> NewTopic:
    return NewTopic(plan.topic, plan.partitions, plan.replication, topic_configs=dict(plan.configs))


def _was_created(topic: str, code: int, message: str | None) -> bool:
    if code == TopicAlreadyExistsError.errno:
        return False
    if code:
        raise TopicRefused(f"Kafka does not create {topic}: {message or for_code(code).__name__}")
    return True


async def _configs(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    if not resources:
        return {}
    responses = await admin.describe_configs(resources)
    return dict(_read_configs(entry) for response in responses for entry in response.resources)


def _read_configs(entry: Sequence[Any]) -> tuple[str, dict[str, str]]:
    code, message, _, topic, configs = entry
    if code:
        raise for_code(code)(f"Kafka does not show the settings of {topic}: {message}")
    return topic, {config[0]: config[1] for config in configs}
