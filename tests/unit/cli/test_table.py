from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner

import cli.table
from chassis.difference import Difference

MISSING = Difference("kaiwa", "table", "there", "missing", "kaiwa table")


def run(tmp_path: Path, *arguments: str) -> Any:
    app = typer.Typer()
    app.command()(cli.table.table)
    return CliRunner().invoke(app, ["--dir", str(tmp_path), "--json", *arguments])


def state(result: Any) -> str:
    return str(json.loads(result.output)["table"][0]["state"])


def test_a_missing_table_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.table, "ensure_table", lambda _: True)
    monkeypatch.setattr(cli.table, "check_table", lambda _: [])
    result = run(tmp_path)
    assert (result.exit_code, state(result)) == (0, "created")


def test_checking_creates_nothing_and_exits_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.table, "ensure_table", lambda _: pytest.fail("created"))
    monkeypatch.setattr(cli.table, "check_table", lambda _: [MISSING])
    result = run(tmp_path, "--check")
    assert (result.exit_code, state(result)) == (1, "missing")


def test_a_table_that_does_not_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> list[Difference]:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(cli.table, "check_table", refuse)
    result = run(tmp_path, "--check")
    assert result.exit_code == 1
    assert "DynamoDB does not answer" in result.stderr


def test_a_wrong_setting_exits_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIWA_TABLE_THREADS", "many")
    result = run(tmp_path, "--check")
    assert result.exit_code == 2
    assert "KAIWA_TABLE_THREADS is wrong" in result.stderr
