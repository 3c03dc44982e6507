from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli import run


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that runs in place of the gateway."""
    program = tmp_path / "stand_in" / "__main__.py"
    program.parent.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("sys.argv", ["kaiwa"])
    monkeypatch.setitem(run.PROCESSES, "gateway", "stand_in")
    monkeypatch.setitem(sys.modules, "rich", sys.modules.get("rich"))
    return program


def test_every_process_of_the_specification_can_be_run() -> None:
    assert list(run.PROCESSES) == ["gateway", "persistence", "api", "presence", "fanout", "issuer", "probe"]


@pytest.mark.parametrize(("end", "code"), [("sys.exit(2)", 2), ("sys.exit()", 0), ("", 0), ("sys.exit('why')", 1)])
def test_a_process_ends_with_its_own_exit_code(stand_in: Path, end: str, code: int) -> None:
    stand_in.write_text(f"import sys\nif __name__ == '__main__':\n    {end or 'pass'}\n")
    assert run.run_process("gateway") == code


def test_nothing_looks_for_garbage_while_a_process_is_imported(
    stand_in: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in.write_text("import gc\nprint(gc.isenabled())\n")
    run.run_process("gateway")
    assert capsys.readouterr().out == "False\n"


def test_a_process_whose_packages_are_not_installed_says_which_extra_brings_them(
    stand_in: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in.write_text("import no_such_package\n")
    assert run.run_process("gateway") == 1
    assert "no_such_package is not installed: pip install 'kaiwa[gateway]'" in capsys.readouterr().err
