"""Persistence starts only on the topics that its table belongs to, and waits for what is not prepared yet (spec 11)."""

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError

from chassis.health import Health
from chassis.log_id import NoTable, OtherLog, log_id
from chassis.settings import KafkaSettings, TableSettings
from chassis.topic_ids import TopicIdentity
from contracts.rows import LogIdRow
from contracts.topics import TOPICS
from services.persistence.log_identity import PART, AskTable, AskTopics, IdentitySettings, require_own_log
from tests.waiting import eventually

SETTINGS = IdentitySettings(kafka_bootstrap="nowhere:1")
TOPIC_IDS = {topic.name: TopicIdentity(f"id of {topic.name}", 12) for topic in TOPICS}
OWN = log_id(TOPIC_IDS)


class Answers:
    """Kafka and the table, answering in turn; the last answer stays."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    def next(self) -> object:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def topics(answers: Answers) -> AskTopics:
    async def ask(_settings: KafkaSettings) -> dict[str, TopicIdentity]:
        answer = answers.next()
        assert isinstance(answer, dict)
        return answer

    return ask


def stored(answers: Answers) -> AskTable:
    def ask(_settings: TableSettings) -> LogIdRow | None:
        answer = answers.next()
        assert answer is None or isinstance(answer, LogIdRow)
        return answer

    return ask


async def required(kafka: Answers, dynamodb: Answers, health: Health | None = None) -> bool:
    return await require_own_log(
        SETTINGS,
        health or Health(),
        asyncio.Event(),
        ask_topics=topics(kafka),
        ask_table=stored(dynamodb),
    )


async def test_its_own_topics_are_accepted() -> None:
    assert await required(Answers(TOPIC_IDS), Answers(OWN))


@pytest.mark.parametrize("other", [TopicIdentity("made again", 12), TopicIdentity("id of chat.submissions", 24)])
async def test_topics_made_again_or_with_another_count_are_refused(other: TopicIdentity) -> None:
    with pytest.raises(OtherLog, match=r"chat\.submissions"):
        await required(Answers(TOPIC_IDS | {"chat.submissions": other}), Answers(OWN))


async def test_what_is_away_or_not_prepared_is_waited_for() -> None:
    without = {name: value for name, value in TOPIC_IDS.items() if name != "chat.users"}
    kafka = Answers(KafkaConnectionError("away"), without, TOPIC_IDS)
    assert await required(kafka, Answers(NoTable("no table"), None, OWN))


async def test_while_it_waits_it_is_not_ready_and_says_why() -> None:
    health, stop = Health(), asyncio.Event()
    waiting = asyncio.create_task(
        require_own_log(SETTINGS, health, stop, ask_topics=topics(Answers(TOPIC_IDS)), ask_table=stored(Answers(None)))
    )
    await eventually(lambda: "kaiwa topics" in health.missing().get(PART, ""))
    stop.set()
    assert await waiting is False
