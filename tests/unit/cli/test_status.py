from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
from typer.testing import CliRunner

from cli import app
from deploy.local.home import Home


def test_without_a_cluster_programs_get_json_too(tmp_path: Path) -> None:
    result = CliRunner().invoke(app.app, ["status", "--json", "--dir", str(tmp_path)])
    assert result.exit_code == 1
    assert json.loads(result.output) == {"running": False, "processes": [], "lag": []}


def test_each_process_is_shown_with_its_restarts_and_whether_it_lives(tmp_path: Path) -> None:
    home = Home(tmp_path)
    own = {"pid": os.getpid(), "created": psutil.Process().create_time(), "restarts": 3, "port": 1}
    gone = {**own, "created": own["created"] - 60, "restarts": 0}
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
    assert (fanout["name"], fanout["health"]) == ("fanout", "dead")
