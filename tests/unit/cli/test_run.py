from __future__ import annotations

import sys
from types import ModuleType

import pytest

from cli import run


def test_every_process_of_the_specification_can_be_run() -> None:
    assert list(run.PROCESSES) == ["gateway", "persistence", "api", "presence", "fanout", "issuer"]


def test_a_process_ends_with_its_own_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("stand_in")
    module.__dict__["main"] = lambda: 2
    monkeypatch.setitem(sys.modules, "stand_in", module)
    monkeypatch.setitem(run.PROCESSES, "gateway", "stand_in")
    assert run.run_process("gateway") == 2


def test_a_process_whose_packages_are_not_installed_says_which_extra_brings_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(run.PROCESSES, "presence", "no_such_module.__main__")
    assert run.run_process("presence") == 1
    assert "pip install 'kaiwa[presence]'" in capsys.readouterr().err
