from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from deploy.local.home import Home


@pytest.mark.parametrize("wipe", [True, False])
def test_taking_down_what_does_not_run_succeeds(tmp_path: Path, wipe: bool) -> None:
    home = Home(tmp_path / "k")
    with home.held():
        home.write(home.keys_file, {})
    result = CliRunner().invoke(app.app, ["down", "--dir", str(home.folder), *(["--wipe"] if wipe else [])])
    assert result.exit_code == 0
    assert "No cluster was running" in result.output
    assert home.folder.exists() is not wipe
