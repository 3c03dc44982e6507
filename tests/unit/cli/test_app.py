"""The root of the command: every sub-command is there, helps, and tells wrong use by exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.app import COMMANDS

KAIWA = Path(sys.executable).with_name("kaiwa")


def test_the_root_lists_the_commands() -> None:
    run = _kaiwa("--help")
    assert run.returncode == 0
    for name in ("up", "down", "status", "run"):
        assert f" {name} " in run.stdout


@pytest.mark.parametrize("command", ["up", "down", "status", "run"])
def test_every_command_has_help(command: str) -> None:
    run = _kaiwa(command, "--help")
    assert run.returncode == 0
    assert f"kaiwa {command}" in run.stdout


@pytest.mark.parametrize("arguments", [["nope"], ["up", "--nope"], ["up", "--gateways", "0"], ["run", "nope"], ["run"]])
def test_wrong_use_is_exit_code_2(arguments: list[str]) -> None:
    assert _kaiwa(*arguments).returncode == 2


def test_no_cluster_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    run = _kaiwa("status", "--dir", str(tmp_path))
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "kaiwa up" in run.stderr


def test_a_command_whose_packages_are_not_installed_says_which_extra_brings_them() -> None:
    program = "import sys; sys.modules['psutil'] = None; sys.argv = ['kaiwa', 'down']; from cli.app import main; main()"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert run.stderr == "kaiwa: this cannot run here, psutil is not installed: pip install 'kaiwa[local]'.\n"


def test_the_commands_are_those_of_the_specification() -> None:
    assert set(COMMANDS) >= {"up", "down", "status", "token", "chat", "run", "topics", "table"}


def _kaiwa(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([KAIWA, *arguments], capture_output=True, text=True, timeout=60, check=False)
