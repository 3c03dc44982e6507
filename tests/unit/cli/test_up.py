"""A whole local cluster, as `kaiwa up` brings it (spec 13)."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.waiting import Eventually

KAIWA = Path(sys.executable).with_name("kaiwa")


@pytest.mark.cluster
def test_every_process_of_a_ready_cluster_is_healthy(cluster: dict[str, Any]) -> None:
    # As it is now: tests of faults before this one have had processes started again.
    described = json.loads((_folder(cluster) / "cluster.json").read_text(encoding="utf-8"))
    for name, process in described["processes"].items():
        assert psutil.pid_exists(process["pid"]), name
        assert Path(process["log"]).is_file(), name
        for url in filter(None, (process["healthUrl"], process["metricsUrl"])):
            assert urllib.request.urlopen(url, timeout=10).status == 200, url


@pytest.mark.cluster
def test_status_shows_all_of_it(cluster: dict[str, Any]) -> None:
    run = _kaiwa("status", "--json", folder=_folder(cluster))
    shown = {one["name"]: one["health"] for one in json.loads(run.stdout)["processes"]}
    assert shown == dict.fromkeys(cluster["processes"], "ready"), run.stderr
    assert run.returncode == 0


@pytest.mark.cluster
def test_a_second_cluster_in_the_same_folder_is_refused(cluster: dict[str, Any]) -> None:
    run = _kaiwa("up", "--detach", folder=_folder(cluster))
    assert run.returncode == 1
    assert "already running" in run.stderr


@pytest.mark.cluster
def test_only_the_owner_reads_the_keys_of_a_cluster(cluster: dict[str, Any]) -> None:
    for name in ("cluster.json", "keys.json", "supervisor.json"):
        assert stat.S_IMODE((_folder(cluster) / name).stat().st_mode) == 0o600


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / ".kaiwa"
    yield folder
    _kaiwa("down", "--wipe", folder=folder)


@pytest.mark.cluster
async def test_a_cluster_that_was_killed_leaves_nothing_and_starts_again(own: Path, eventually: Eventually) -> None:
    assert _kaiwa("up", "--detach", folder=own).returncode == 0
    recorded = json.loads((own / "supervisor.json").read_text())
    pids = [entry["pid"] for entry in recorded["processes"].values()]
    os.kill(recorded["supervisor"]["pid"], signal.SIGKILL)
    await eventually(lambda: not any(_alive(pid) for pid in pids), within_s=30)
    assert not (own / "cluster.json").exists()
    assert _kaiwa("status", folder=own).returncode == 1
    assert _kaiwa("up", "--detach", folder=own).returncode == 0


def test_a_taken_port_of_an_asked_block_is_named(own: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = _kaiwa("up", "--detach", "--port-base", str(port - 2), folder=own)
    assert run.returncode == 1
    # A neighbour of it may be taken too: ports that the kernel gives out lie close together.
    assert re.search(rf"port (\d+, )*{port}\b", run.stderr)


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for arguments in (["up"], ["up", "--detach"]):
        run = _kaiwa(*arguments, folder=tmp_path / "file")
        assert run.returncode == 1
        assert "--dir" in run.stderr


def _folder(cluster: dict[str, Any]) -> Path:
    return Path(cluster["processes"]["kafka"]["log"]).parents[1]


def _kaiwa(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(KAIWA), *arguments, "--dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
