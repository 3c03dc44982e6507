from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app, status
from cli.lag import Lag
from deploy.local import leftovers
from deploy.local.home import Home


def test_without_a_cluster_programs_get_json_too(tmp_path: Path) -> None:
    result = CliRunner().invoke(app.app, ["status", "--json", "--dir", str(tmp_path)])
    assert result.exit_code == 1
    assert json.loads(result.output) == {"running": False, "processes": [], "lag": []}


def test_each_process_is_shown_with_its_restarts_and_whether_it_lives(tmp_path: Path) -> None:
    home = Home(tmp_path)
    own = {
        **leftovers.identity(os.getpid()),
        "restarts": 3,
        "port": 1,
        "address": "http://a",
    }
    gone = {**own, "born": "before", "restarts": 0}
    with home.held():
        home.write(home.supervisor_file, {"processes": {"api": own, "fanout": gone}})
        result = CliRunner().invoke(app.app, ["status", "--json", "--dir", str(tmp_path)])
    assert result.exit_code == 1
    api, fanout = json.loads(result.output)["processes"]
    assert (api["name"], api["restarts"], api["health"]) == (
        "api",
        3,
        "no answer from /readyz (ConnectionRefusedError)",
    )
    assert (api["address"], api["healthUrl"]) == ("http://a", "http://127.0.0.1:1/readyz")
    assert (fanout["name"], fanout["health"]) == ("fanout", "dead")


def test_a_cluster_that_starts_or_stops_is_shown_with_what_lives_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "kafka_answers", lambda _: True)
    monkeypatch.setattr(status, "_lags", lambda bootstrap: [Lag("persistence", f"topic at {bootstrap}", 7)])
    home = Home(tmp_path)
    own = {**leftovers.identity(os.getpid()), "restarts": 0, "port": 5}
    with home.held():
        begun = CliRunner().invoke(app.app, ["status", "--dir", str(tmp_path)])
        home.write(home.supervisor_file, {"processes": {"kafka": {**own, "address": "127.0.0.1:5"}}})
        result = CliRunner().invoke(app.app, ["status", "--dir", str(tmp_path)])
    assert (begun.exit_code, result.exit_code) == (1, 0)
    assert "is about to start" in begun.output
    assert "No cluster" not in begun.output + result.output
    assert "topic at 127.0.0.1:5" in result.output


def test_addresses_are_shown_whole_in_80_columns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(status, "unready", lambda _: "kafka: Kafka cannot be reached, api controls: reading all")
    home = Home(tmp_path)
    own = {**leftovers.identity(os.getpid()), "restarts": 0, "port": 24_017, "address": "ws://127.0.0.1:24010/prod"}
    with home.held():
        home.write(home.supervisor_file, {"processes": {"gateway-1": own}})
        result = CliRunner().invoke(app.app, ["status", "--dir", str(tmp_path)])
    assert "ws://127.0.0.1:24010/prod" in result.output
    assert "24017" in result.output
