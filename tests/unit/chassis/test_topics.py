"""What needs no broker; the rest is in tests/path/test_topics.py."""

from __future__ import annotations

import pytest

from chassis.settings import KafkaSettings
from chassis.topic_checks import plans
from chassis.topic_ids import TopicIdentity, TopicState
from chassis.topics import TopicRefused, _compare, _was_created, _without_leaders
from contracts.topics import ROOMS, USERS

SETTINGS = KafkaSettings.model_validate({"kafka_bootstrap": "k:9092"})


def test_a_topic_that_somebody_else_made_in_between_is_no_error() -> None:
    assert _was_created("chat.rooms", 0, None)
    assert not _was_created("chat.rooms", 36, "already exists")


def test_a_refusal_names_the_topic_and_gives_kafkas_words() -> None:
    with pytest.raises(TopicRefused, match=r"chat\.rooms: only 1 broker"):
        _was_created("chat.rooms", 38, "only 1 broker")
    with pytest.raises(TopicRefused, match="TopicAuthorizationFailedError"):
        _was_created("chat.rooms", 29, None)


def test_only_topics_that_can_be_written_count_as_made() -> None:
    wanted = [plan for plan in plans(SETTINGS) if plan.topic in {ROOMS.name, USERS.name}]
    led, leaderless = (TopicState(TopicIdentity("id", 12), 1, led=led) for led in (True, False))
    assert _without_leaders(wanted, {}) == [ROOMS.name, USERS.name]
    assert _without_leaders(wanted, {ROOMS.name: led, USERS.name: leaderless}) == [USERS.name]


def test_every_missing_topic_is_a_difference() -> None:
    wanted = plans(SETTINGS)
    assert [found.subject for found in _compare(wanted, {}, {}, "k:9092")] == [plan.topic for plan in wanted]
