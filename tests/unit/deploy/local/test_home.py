from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from pathlib import Path

import pytest

from deploy.local import leftovers
from deploy.local.faults import LocalClusterError
from deploy.local.home import Home


def test_a_folder_is_held_by_one_supervisor_at_a_time(tmp_path: Path) -> None:
    home = Home(tmp_path / "k")
    assert not home.is_held()
    with home.held():
        assert home.is_held()
        with pytest.raises(LocalClusterError, match="already running"), Home(tmp_path / "k").held():
            pass
    assert not home.is_held()


def test_the_lock_names_its_holder_also_after_another_has_tried(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.holder() is None
    with home.held():
        with pytest.raises(LocalClusterError, match="already running"), Home(tmp_path).held():
            pass
        assert home.holder() == leftovers.identity(os.getpid())
    assert home.holder() is None


def test_a_folder_on_a_full_disk_can_be_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    home = Home(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with home.held():
            assert home.is_held()


def test_a_lock_that_was_wiped_away_meanwhile_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, flock = Home(tmp_path), fcntl.flock

    def wiped_just_before(descriptor: int, how: int) -> None:
        (tmp_path / "lock").unlink()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", wiped_just_before)
    with pytest.raises(LocalClusterError), home.held():
        pass


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalClusterError, match="--dir"), Home(tmp_path / "file").held():
        pass


def test_files_are_replaced_as_a_whole_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write(home.cluster_file, {"a": 1})
    home.write(home.cluster_file, {"a": 2})
    assert home.read(home.cluster_file) == {"a": 2}
    assert stat.S_IMODE(home.cluster_file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.json"]


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    home = Home(tmp_path)
    home.write(home.cluster_file, {"a": 1})
    monkeypatch.setattr(json, "dump", full)
    with pytest.raises(OSError, match="No space"):
        home.write(home.cluster_file, {"a": 2})
    assert home.read(home.cluster_file) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_a_file_that_was_cut_short_counts_as_empty(tmp_path: Path, content: str) -> None:
    home = Home(tmp_path)
    home.supervisor_file.write_text(content)
    assert home.read(home.supervisor_file) == {}
    assert home.recorded() == []


def test_a_wipe_removes_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path / "k")
    with home.held():
        home.write(home.keys_file, {})
    (home.folder / "kafka").mkdir()
    (home.folder / "mine.txt").write_text("keep")
    home.wipe()
    assert [path.name for path in home.folder.iterdir()] == ["mine.txt"]
    (home.folder / "mine.txt").unlink()
    home.wipe()
    assert not home.folder.exists()


def test_what_is_ephemeral_stands_apart_from_what_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.data(ephemeral=True) != home.data(ephemeral=False)
    assert home.data(ephemeral=True).parent == home.folder
