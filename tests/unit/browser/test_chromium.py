from pathlib import Path

import pytest

from tests.browser import chromium


def test_the_browser_that_is_named_is_used() -> None:
    assert chromium.find_chromium({"KAIWA_CHROMIUM": "/opt/chrome", "PATH": ""}) == "/opt/chrome"


def test_a_browser_on_the_path_is_found(tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert chromium.find_chromium({"PATH": str(tmp_path)}) == str(program)


def test_without_one_it_is_told_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium, "find_chromium", lambda: None)
    monkeypatch.delenv("KAIWA_SKIP_BROWSER", raising=False)
    assert chromium.main() == 1
    told = capsys.readouterr().err
    assert "apt-get install -y chromium" in told
    assert "KAIWA_SKIP_BROWSER=1" in told


def test_leaving_the_tests_out_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("KAIWA_SKIP_BROWSER", "1")
    assert chromium.main() == 0
    assert "left out" in capsys.readouterr().err
    assert not chromium.skipped({})
    assert chromium.skipped({"KAIWA_SKIP_BROWSER": "1"})
