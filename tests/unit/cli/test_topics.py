from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from aiokafka.errors import KafkaConnectionError
from typer.testing import CliRunner

import cli.topics
from chassis.difference import Difference
from chassis.log_id import log_id
from chassis.topic_checks import plans
from chassis.topic_ids import TopicIdentity
from contracts.topics import BY_NAME

STANDING = {name: TopicIdentity(f"id-{name}", 12) for name in BY_NAME}


class Fake:
    """Kafka and the table, as far as the command sees them."""

    def __init__(self) -> None:
        self.standing = dict(STANDING)
        self.differences: list[Difference] = []
        self.row: Any = log_id(STANDING)
        self.error: Exception | None = None
        self.production: list[bool] = []

    async def ensure(self, _: Any, *, production: bool) -> tuple[str, ...]:
        created = tuple(name for name in BY_NAME if name not in self.standing)
        self.standing = {**STANDING, **self.standing}
        self.row = self.row or log_id(self.standing)
        self.production.append(production)
        return created

    async def check(self, settings: Any, **_: bool) -> list[Difference]:
        if self.error:
            raise self.error
        missing = [plan.topic for plan in plans(settings) if plan.topic not in self.standing]
        return [*self.differences, *(Difference(name, "topic", "there", "missing", "kaiwa topics") for name in missing)]

    async def ids(self, _: Any) -> dict[str, TopicIdentity]:
        return self.standing


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setenv("KAIWA_KAFKA_BOOTSTRAP", "k:9092")
    monkeypatch.setattr(cli.topics, "ensure_topics", fake.ensure)
    monkeypatch.setattr(cli.topics, "check_topics", fake.check)
    monkeypatch.setattr(cli.topics, "topic_ids", fake.ids)
    monkeypatch.setattr(cli.topics, "read_log_id", lambda _: fake.row)
    monkeypatch.setattr(cli.topics, "ensure_log_id", lambda *_: True)
    return fake


def run(tmp_path: Path, *arguments: str) -> Any:
    app = typer.Typer()
    app.command()(cli.topics.topics)
    return CliRunner().invoke(app, ["--dir", str(tmp_path), *arguments])


def test_topics_that_are_right_exit_0(fake: Fake, tmp_path: Path) -> None:
    result = run(tmp_path, "--check")
    assert (result.exit_code, result.output.count("right")) == (0, len(BY_NAME))


def test_what_is_missing_is_created_and_said(fake: Fake, tmp_path: Path) -> None:
    del fake.standing["chat.rooms"]
    result = run(tmp_path, "--json")
    assert result.exit_code == 0
    states = {row["topic"]: row["state"] for row in json.loads(result.output)["topics"]}
    assert {name for name, state in states.items() if state == "created"} == {"chat.rooms"}


def test_checking_creates_nothing_and_exits_1(fake: Fake, tmp_path: Path) -> None:
    del fake.standing["chat.rooms"]
    result = run(tmp_path, "--check")
    assert result.exit_code == 1
    assert "chat.rooms: topic is missing, not there" in result.output
    assert fake.production == []


def test_a_difference_is_named_with_its_remedy_on_one_line(fake: Fake, tmp_path: Path) -> None:
    remedy = "kafka-configs.sh --alter [a long command] " + "x" * 200
    fake.differences = [Difference("chat.rooms", "retention.ms", "-1", "1000", remedy)]
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "chat.rooms: retention.ms is 1000, not -1" in result.output
    assert remedy in result.output


def test_a_table_that_does_not_remember_its_topics_is_a_difference(fake: Fake, tmp_path: Path) -> None:
    fake.row = None
    result = run(tmp_path, "--check", "--json")
    assert result.exit_code == 1
    assert [found["what"] for found in json.loads(result.output)["differences"]] == ["LOG | ID"]


def test_a_table_of_other_topics_is_refused_with_what_to_do(fake: Fake, tmp_path: Path) -> None:
    fake.row = log_id({**STANDING, "chat.submissions": TopicIdentity("before", 12)})
    result = run(tmp_path, "--check")
    assert result.exit_code == 1
    assert "written from other topics" in result.stderr
    assert "replay rebuild" in result.stderr


def test_production_is_told_from_the_environment(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIWA_ENVIRONMENT", "production")
    run(tmp_path)
    assert fake.production == [True]


def test_a_broker_that_does_not_answer_is_one_sentence(fake: Fake, tmp_path: Path) -> None:
    fake.error = KafkaConnectionError("Unable to bootstrap")
    result = run(tmp_path, "--check")
    assert result.exit_code == 1
    assert "Kafka at k:9092 does not answer" in result.stderr


def test_no_cluster_and_no_settings_name_the_setting(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAIWA_KAFKA_BOOTSTRAP")
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "KAIWA_KAFKA_BOOTSTRAP is missing" in result.stderr
