from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.local import pip_settings, setup


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements.lock").write_text("one==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    return tmp_path


def test_an_environment_without_its_stamp_was_not_finished(root: Path) -> None:
    assert not setup.is_current(root)


def test_a_finished_environment_is_current_until_a_lock_changes(root: Path) -> None:
    (root / ".venv" / "kaiwa-setup").write_text(setup._wanted(root))
    assert setup.is_current(root)
    (root / "requirements.lock").write_text("one==2\n")
    assert not setup.is_current(root)


def test_an_environment_that_lost_its_python_is_not_current(root: Path) -> None:
    (root / ".venv" / "kaiwa-setup").write_text(setup._wanted(root))
    (root / ".venv" / "bin" / "python").unlink()
    assert not setup.is_current(root)


def test_a_finished_set_up_costs_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / ".venv" / "kaiwa-setup").write_text(setup._wanted(root))
    monkeypatch.setattr(setup, "_set_up", lambda _: pytest.fail("it was set up again"))
    assert setup.main(root) == 0


def test_an_environment_of_another_place_is_made_anew_and_an_unfinished_one_of_this_is_filled_up(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[str]()

    def run(command: Sequence[str], _folder: Path, _environ: dict[str, str]) -> int:
        made.extend(argument for argument in command if argument in ("--clear", "--allow-existing"))
        return 0

    monkeypatch.setattr(setup, "_run", run)
    monkeypatch.setattr(setup, "installer", lambda _: root)
    monkeypatch.setattr(pip_settings, "read", lambda *_: {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    assert setup.main(root) == 0
    (root / ".venv" / "kaiwa-setup").unlink()
    assert setup.main(root) == 0
    moved = root.rename(root.with_name("moved"))
    assert setup.main(moved) == 0
    assert made == ["--clear", "--allow-existing", "--clear"]


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ("The virtual environment was not created because ensurepip is not available.", "install its venv module"),
        ("/usr/bin/python3: No module named venv", "install its venv module"),
        ("OSError: [Errno 28] No space left on device", "No space left on device"),
    ],
)
def test_a_python_that_makes_no_environment_is_one_sentence_with_the_reason(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], complaint: str, told: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    broken = root / "python"
    broken.write_text(f"#!/bin/sh\necho '{complaint}' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(broken))
    assert setup.main(root) == 1
    assert told in capsys.readouterr().err
    assert not (root / ".venv" / "kaiwa-setup").exists()


def test_what_uv_cannot_install_is_not_blamed_on_the_network_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "_run", lambda *_: 1)
    monkeypatch.setattr(setup, "installer", lambda _: root)
    monkeypatch.setattr(pip_settings, "read", lambda *_: {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    assert setup.main(root) == 1
    assert "the lines above say why" in capsys.readouterr().err


def test_the_programs_of_locked_tools_run_and_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "cache_folder", lambda: tmp_path / "cache")
    lock = tmp_path / "tool.lock"
    lock.write_text("# pip alone, which every environment has\n")
    tools = setup.locked_tools(lock, "a tool", dict(os.environ))
    # A script, whose first line names the folder that it was installed in.
    assert subprocess.run([tools / "pip", "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    monkeypatch.setattr(setup, "_made_of", lambda *_: pytest.fail("it was made again"))
    assert setup.locked_tools(lock, "a tool", dict(os.environ)) == tools


def test_the_lock_of_uv_has_hashes_and_no_address() -> None:
    text = setup.UV_LOCK.read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
