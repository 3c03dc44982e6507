from __future__ import annotations

import errno
import io
import sys
from pathlib import Path

import pytest

from cli.cluster import VARIABLES, Cluster
from cli.progress import StartBar, lasting, summary


def test_it_ends_with_the_exact_commands_to_try(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    told = summary(_cluster(tmp_path / ".kaiwa", 1), detached=False)
    assert "kaiwa chat lobby --as alice\n" in told
    assert "kaiwa chat lobby --as bob\n" in told
    assert "Ctrl-C stops them" in told


def test_another_folder_is_part_of_every_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    told = summary(_cluster(tmp_path / "my folder", 1), detached=True)
    assert "kaiwa chat lobby --as alice --dir 'my folder'\n" in told
    assert "kaiwa down --dir 'my folder' stops them" in told


def test_several_gateways_are_said(tmp_path: Path) -> None:
    assert "gateway-1 of 3" in summary(_cluster(tmp_path, 3), detached=True)
    assert "gateway-1 of" not in summary(_cluster(tmp_path, 1), detached=True)


def test_that_dynamodb_local_stands_open_is_said(tmp_path: Path) -> None:
    assert "every interface" in summary(_cluster(tmp_path, 1), detached=True)


class ClosedTerminal(io.StringIO):
    """What a terminal is to its programs once its window has been closed."""

    def isatty(self) -> bool:
        return True

    def write(self, _: str) -> int:
        raise OSError(errno.EIO, "Input/output error")

    def flush(self) -> None:
        raise OSError(errno.EIO, "Input/output error")


def test_a_start_goes_on_when_its_terminal_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", ClosedTerminal())
    monkeypatch.setenv("TERM", "xterm")
    bar = StartBar()
    bar.step("waiting for kafka", 1, 9)
    bar.say("gateway-1 ended")
    bar.close()
    out = lasting(ClosedTerminal())
    assert out.write("Kaiwa is up.") == 12
    out.flush()


def _cluster(folder: Path, gateways: int) -> Cluster:
    return Cluster(folder, dict.fromkeys(VARIABLES, "x"), {f"gateway-{number + 1}": {} for number in range(gateways)})
