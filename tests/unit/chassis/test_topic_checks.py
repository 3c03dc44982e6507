from __future__ import annotations

from dataclasses import replace

import pytest

from chassis.settings import KafkaSettings
from chassis.topic_checks import Plan, differences, plans
from chassis.topic_ids import TopicIdentity, TopicState
from contracts.topics import (
    CONNECTIONS,
    CONTROLS,
    DAY_MS,
    DEAD_LETTERS,
    GATEWAYS,
    PRESENCE,
    ROOMS,
    SIGNALS,
    SUBMISSIONS,
    TOPICS,
    USERS,
)

SETTINGS = KafkaSettings.model_validate({"kafka_bootstrap": "k:9092", "partitions": 6})
PLANS = {plan.topic: plan for plan in plans(SETTINGS)}


def standing(plan: Plan) -> TopicState:
    return TopicState(TopicIdentity("id", plan.partitions), plan.replication, led=True)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_a_topic_that_is_as_planned_differs_in_nothing(plan: Plan) -> None:
    assert differences(plan, standing(plan), plan.configs) == []


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_the_broker_stamps_every_record_and_no_replica_that_is_behind_is_elected(plan: Plan) -> None:
    assert plan.configs["message.timestamp.type"] == "LogAppendTime"
    assert plan.configs["unclean.leader.election.enable"] == "false"


def test_a_dead_letter_of_the_largest_record_fits_with_its_headers() -> None:
    largest = {name: int(plan.configs["max.message.bytes"]) for name, plan in PLANS.items()}
    letters = largest.pop(DEAD_LETTERS.name)
    assert set(largest.values()) == {4 * 1024 * 1024}
    assert letters >= 4 * 1024 * 1024 + 64 * 1024


def test_all_topics_are_planned_and_ordered_ones_have_one_partition() -> None:
    assert set(PLANS) == {topic.name for topic in TOPICS}
    assert {name for name, plan in PLANS.items() if plan.partitions == 1} == {GATEWAYS.name, CONTROLS.name}
    assert {plan.partitions for plan in PLANS.values()} == {1, 6}


@pytest.mark.parametrize("name", [SUBMISSIONS.name, ROOMS.name, USERS.name])
def test_what_is_kept_for_ever_has_neither_an_age_nor_a_size_limit(name: str) -> None:
    configs = PLANS[name].configs
    assert (configs["retention.ms"], configs["retention.bytes"], configs["cleanup.policy"]) == ("-1", "-1", "delete")


def test_what_is_kept_for_a_day_or_less_is_cut_into_short_segments() -> None:
    for topic in (SIGNALS, CONTROLS):
        assert int(PLANS[topic.name].configs["segment.ms"]) < topic.retention_ms
    assert PLANS[CONNECTIONS.name].configs["retention.ms"] == str(30 * DAY_MS)


def test_topics_of_which_the_last_value_counts_are_compacted() -> None:
    compacted = {name for name, plan in PLANS.items() if plan.configs["cleanup.policy"] == "compact"}
    assert compacted == {PRESENCE.name, GATEWAYS.name}


def test_production_raises_what_the_site_asks_for_but_never_lowers_it() -> None:
    settings = KafkaSettings.model_validate({"kafka_bootstrap": "k:9092", "replication": 5, "min_insync_replicas": 3})
    assert {plan.replication for plan in plans(SETTINGS, production=True)} == {3}
    assert {plan.configs["min.insync.replicas"] for plan in plans(SETTINGS, production=True)} == {"2"}
    assert {plan.replication for plan in plans(settings, production=True)} == {5}
    assert {plan.configs["min.insync.replicas"] for plan in plans(settings, production=True)} == {"3"}


def test_a_missing_topic_is_one_difference() -> None:
    assert [found.remedy for found in differences(PLANS[ROOMS.name], None, {})] == ["kaiwa topics"]


def test_another_number_of_partitions_is_never_mended_by_adding_some() -> None:
    state = replace(standing(PLANS[ROOMS.name]), identity=TopicIdentity("id", 4))
    found = differences(PLANS[ROOMS.name], state, PLANS[ROOMS.name].configs)
    assert [difference.remedy.split()[0] for difference in found] == ["KAIWA_PARTITIONS=4"]


def test_an_ordered_topic_of_several_partitions_has_to_be_made_again() -> None:
    state = replace(standing(PLANS[GATEWAYS.name]), identity=TopicIdentity("id", 4))
    found = differences(PLANS[GATEWAYS.name], state, PLANS[GATEWAYS.name].configs)
    assert "--delete --topic chat.gateways" in found[0].remedy


def test_too_few_replicas_are_named() -> None:
    plan = replace(PLANS[ROOMS.name], replication=3)
    found = differences(plan, standing(PLANS[ROOMS.name]), plan.configs)
    assert [(difference.what, difference.expected, difference.found) for difference in found] == [
        ("replication", "at least 3", "1")
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("message.timestamp.type", "CreateTime"),
        ("cleanup.policy", "compact"),
        ("retention.ms", "604800000"),
        ("retention.bytes", "1000000"),
        ("unclean.leader.election.enable", "true"),
        ("max.message.bytes", "1048588"),
        ("min.insync.replicas", "0"),
    ],
)
def test_a_setting_that_is_off_is_named_with_the_command_that_mends_it(name: str, value: str) -> None:
    plan = PLANS[ROOMS.name]
    (found,) = differences(plan, standing(plan), {**plan.configs, name: value}, "k:9092")
    assert (found.subject, found.what, found.found) == (ROOMS.name, name, value)
    assert found.remedy == (
        "kafka-configs.sh --bootstrap-server k:9092 --alter --entity-type topics --entity-name chat.rooms"
        f" --add-config {name}={plan.configs[name]}"
    )


def test_more_than_is_needed_is_no_difference() -> None:
    plan = PLANS[ROOMS.name]
    generous = {**plan.configs, "max.message.bytes": "8388608", "min.insync.replicas": "2"}
    assert differences(plan, replace(standing(plan), replication=3), generous) == []
