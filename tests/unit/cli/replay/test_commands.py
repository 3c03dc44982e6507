"""The commands of `kaiwa replay`: help with an example on each, and wrong use told before anything is asked."""

import time

import pytest
import typer
from typer.testing import CliRunner

from cli.app import app
from cli.replay import COMMANDS
from cli.replay.options import moment

runner = CliRunner()
PLAIN = [["timeline"], ["explain"], ["room"], ["rebuild"], ["diff"], ["fsck"], ["shadow"]]
NESTED = [["capsule", "export"], ["capsule", "import"]]
NESTED += [["dead-letters", verb] for verb in ("list", "show", "redrive", "discard")]


@pytest.mark.parametrize("command", PLAIN + NESTED, ids=" ".join)
def test_each_command_has_help_with_an_example_and_speaks_json(command: list[str]) -> None:
    result = runner.invoke(app, ["replay", *command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "Example: " in result.output
    assert "kaiwa replay" in result.output
    assert "--json" in result.output
    assert "--dir" in result.output


def test_the_group_lists_every_command() -> None:
    output = runner.invoke(app, ["replay", "--help"], env={"COLUMNS": "200"}).output
    assert all(name in output for name in COMMANDS)
    assert {name for (name, *_) in PLAIN + NESTED} == set(COMMANDS)


WRONG = [
    ["timeline"],
    ["timeline", "--room", "a", "--user", "b"],
    ["timeline", "--room", "not an id"],
    ["timeline", "--connection", "short"],
    ["timeline", "--room", "lobby", "--from", "yesterday"],
    ["room", "not an id"],
    ["room", "lobby", "--as-of", "yesterday"],
    ["explain", "--message", "m"],
    ["explain", "--message", "m", "--user", "not an id"],
    ["rebuild"],
    ["rebuild", "--into", "t", "--until", "soon"],
    ["diff"],
    ["capsule", "export", "file"],
    ["capsule", "export", "--room", "a", "--user", "b", "file"],
    ["capsule", "import", "there-is-no-such-file"],
    ["shadow", "--code", ".", "--against", "HEAD"],
    ["fsck", "--rate", "0"],
    ["dead-letters", "redrive"],
    ["dead-letters", "redrive", "0/1", "--all"],
    ["dead-letters", "discard"],
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_wrong_use_is_told_with_exit_code_2(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIWA_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    assert runner.invoke(app, ["replay", *words]).exit_code == 2


def test_without_a_cluster_it_says_what_to_set(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAIWA_KAFKA_BOOTSTRAP", raising=False)
    result = runner.invoke(app, ["replay", "timeline", "--room", "lobby", "--dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "KAIWA_KAFKA_BOOTSTRAP" in result.stderr


def test_a_time_is_iso_or_so_long_ago() -> None:
    assert moment(None) is None
    assert moment("2026-07-30T18:00:00Z") == 1_785_434_400_000
    now = int(time.time() * 1000)
    assert abs((moment("15m") or 0) - (now - 900_000)) < 60_000
    assert abs((moment("2d") or 0) - (now - 172_800_000)) < 60_000
    with pytest.raises(typer.BadParameter):
        moment("2026-07-30 18:00")
