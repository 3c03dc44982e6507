from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from deploy.local.rotation import rotate, rotate_all


def test_a_log_that_grew_moves_on_and_its_writer_goes_on_in_the_emptied_file(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old" * 10)
        assert rotate(log, most_bytes=20)
        writer.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "one.log.1").read_bytes() == b"old" * 10


def test_a_small_log_and_one_that_is_not_there_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "small.log").write_bytes(b"x")
    assert not rotate(tmp_path / "small.log", most_bytes=1)
    assert not rotate(tmp_path / "absent.log")


def test_three_files_are_kept_at_most(tmp_path: Path) -> None:
    for content in (b"first", b"second", b"third", b"fourth"):
        (tmp_path / "one.log").write_bytes(content)
        rotate_all(tmp_path, most_bytes=1)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "one.log": b"",
        "one.log.1": b"fourth",
        "one.log.2": b"third",
    }


def test_a_full_disk_leaves_a_log_as_it_is_until_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.log").write_bytes(b"content")
    with monkeypatch.context() as full:
        full.setattr(shutil, "copyfile", _no_space)
        rotate_all(tmp_path, most_bytes=1)
    assert (tmp_path / "one.log").read_bytes() == b"content"
    rotate_all(tmp_path, most_bytes=1)
    assert (tmp_path / "one.log.1").read_bytes() == b"content"


def _no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
