from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.cluster import VARIABLES, NoClusterError, export, read_cluster


@pytest.fixture
def described(tmp_path: Path) -> Path:
    content = {"websocketUrl": "ws://127.0.0.1:1/prod", "table": "kaiwa", "processes": {"api": {"pid": 1}}}
    (tmp_path / "cluster.json").write_text(json.dumps(content))
    return tmp_path


def test_a_field_comes_from_cluster_json(described: Path) -> None:
    cluster = read_cluster(described, {})
    assert cluster["websocketUrl"] == "ws://127.0.0.1:1/prod"
    assert cluster.processes == {"api": {"pid": 1}}


def test_the_environment_wins(described: Path) -> None:
    assert read_cluster(described, {"KAIWA_TABLE": "theirs"})["table"] == "theirs"


def test_the_environment_alone_serves_a_remote_cluster(tmp_path: Path) -> None:
    assert read_cluster(tmp_path, {"KAIWA_WEBSOCKET_URL": "wss://chat.example/prod"})["websocketUrl"].startswith("wss")


def test_a_field_that_nobody_knows_names_its_variable_and_the_command(tmp_path: Path) -> None:
    with pytest.raises(NoClusterError, match=r"KAIWA_HTTP_API_URL.*kaiwa up"):
        read_cluster(tmp_path, {})["httpApiUrl"]


def test_a_file_that_is_broken_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text("{")
    with pytest.raises(NoClusterError, match="kaiwa down"):
        read_cluster(tmp_path, {})


def test_our_own_settings_find_the_cluster_in_the_environment(described: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KAIWA_TABLE", "theirs")
    monkeypatch.setenv("KAIWA_WEBSOCKET_URL", "")
    export(described)
    assert read_cluster(Path("/nowhere"))["websocketUrl"] == "ws://127.0.0.1:1/prod"
    assert read_cluster(Path("/nowhere"))["table"] == "theirs"
