"""Taking down what a crash left, with stand-ins for the processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import leftovers
from deploy.local.down import take_down
from deploy.local.faults import LocalClusterError
from deploy.local.home import Home

SUPERVISOR = """
import signal, sys
from pathlib import Path
from deploy.local.home import Home
home = Home(Path(sys.argv[1]))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0) if sys.argv[2] == "polite" else None)
with home.held():
    print("held", flush=True)
    while True:
        signal.pause()
"""


def test_nothing_to_take_down_is_no_error(tmp_path: Path) -> None:
    assert not take_down(Home(tmp_path / "absent"), wipe=True, say=print)


def test_processes_of_a_crash_are_ended_and_its_files_removed(tmp_path: Path) -> None:
    home, said = Home(tmp_path), list[str]()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], process_group=0)
    home.write(home.supervisor_file, {"processes": {"gateway-1": leftovers.identity(child.pid)}})
    home.write(home.cluster_file, {})
    assert take_down(home, wipe=False, say=said.append)
    assert child.wait(10) == -15
    assert not home.supervisor_file.exists()
    assert not home.cluster_file.exists()
    assert not home.is_held()
    assert said == ["Ended what an earlier run had left behind, processes: 1"]


@pytest.mark.parametrize(("manner", "code"), [("polite", 0), ("deaf", -9)])
def test_a_supervisor_is_asked_to_stop_and_killed_if_it_does_not(tmp_path: Path, manner: str, code: int) -> None:
    home = Home(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path), manner], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        assert take_down(home, wipe=False, say=print, within_s=10 if manner == "polite" else 0.3)
        assert process.wait(10) == code
    assert not home.is_held()


def test_a_cluster_that_has_only_begun_to_start_is_said(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held():
        (tmp_path / "lock").write_text("")
        with pytest.raises(LocalClusterError, match="try again"):
            take_down(Home(tmp_path), wipe=False, say=print)


def test_no_cluster_starts_while_what_is_left_is_ended_and_wiped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, held = Home(tmp_path / "k"), list[bool]()
    with home.held():
        home.write(home.keys_file, {})
    wiped = Home.wipe

    def end(_: object) -> int:
        held.append(Home(tmp_path / "k").is_held())
        return 0

    def wipe(one: Home) -> None:
        held.append(Home(tmp_path / "k").is_held())
        wiped(one)

    monkeypatch.setattr(leftovers, "end", end)
    monkeypatch.setattr(Home, "wipe", wipe)
    take_down(home, wipe=True, say=print)
    assert held == [True, True]
    assert not home.folder.exists()


def test_a_folder_that_holds_no_cluster_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    assert not take_down(Home(tmp_path), wipe=True, say=print)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]
