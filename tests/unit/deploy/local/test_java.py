from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import java
from deploy.local.faults import LocalClusterError


@pytest.mark.parametrize(
    ("banner", "major"),
    [
        ('openjdk version "25.0.2" 2026-01-20 LTS\nOpenJDK Runtime Environment', 25),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "17"', 17),
        ("command not found", 0),
    ],
)
def test_the_version_is_read_from_what_java_tells(banner: str, major: int) -> None:
    assert java.parse_major(banner) == major


def test_without_a_wheel_java_home_goes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_bundled", lambda: None)
    home = _fake(tmp_path / "home" / "bin", "17.0.2")
    on_path = _fake(tmp_path / "path", "21")
    environ = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "path")}
    assert java.find_java(environ) == home
    assert java.find_java({"PATH": environ["PATH"]}) == on_path


def test_a_java_that_is_too_old_or_does_not_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_bundled", lambda: tmp_path / "no-such-java")
    _fake(tmp_path / "home" / "bin", "11.0.1")
    with pytest.raises(LocalClusterError, match="JAVA_HOME"):
        java.find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": ""})


def _fake(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return program
