from __future__ import annotations

from pathlib import Path

import pytest

from cli.cluster import VARIABLES, Cluster
from cli.progress import summary


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


def _cluster(folder: Path, gateways: int) -> Cluster:
    return Cluster(folder, dict.fromkeys(VARIABLES, "x"), {f"gateway-{number + 1}": {} for number in range(gateways)})
