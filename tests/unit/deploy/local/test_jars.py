from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.faults import LocalClusterError

LOCK = """
[[dependencies]]
groupId = "org.example"
artifactId = "one"
version = "1.0"
packaging = "jar"
sha256 = "{one}"

[[dependencies]]
groupId = "org.example"
artifactId = "native"
version = "1.0"
packaging = "so"
sha256 = "00"

[[dependencies]]
groupId = "org.example"
artifactId = "two"
version = "2.0"
sha256 = "{two}"
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.toml"
    path.write_text(LOCK.format(one=_sha(b"one-1.0.jar"), two=_sha(b"two-2.0.jar")))
    return path


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands for the Maven repository: each file holds its own name; tells what was asked for."""
    asked: list[str] = []

    def fetched(jar: jars.Jar, folder: Path) -> Path:
        asked.append(jar.filename)
        path = folder / jar.filename
        path.write_bytes(jar.filename.encode())
        return path

    monkeypatch.setattr(jars, "_from_repository", fetched)
    return asked


def test_what_the_lock_names_is_fetched_once(tmp_path: Path, lock: Path, repository: list[str]) -> None:
    told: list[tuple[int, int]] = []
    jars.fetch((lock,), cache=tmp_path / "c", progress=lambda done, total: told.append((done, total)))
    assert sorted(repository) == ["one-1.0.jar", "two-2.0.jar"]
    assert told == [(1, 2), (2, 2)]
    jars.fetch((lock,), cache=tmp_path / "c")
    assert len(repository) == 2
    assert [Path(entry).name for entry in jars.class_path(lock, tmp_path / "c").split(":")] == sorted(repository)


def test_only_what_is_missing_is_fetched_after_an_interruption(
    tmp_path: Path, lock: Path, repository: list[str]
) -> None:
    jars.fetch((lock,), cache=tmp_path / "c")
    next((tmp_path / "c").rglob("one-1.0.jar")).unlink()
    repository.clear()
    jars.fetch((lock,), cache=tmp_path / "c")
    assert repository == ["one-1.0.jar"]


def test_a_jar_that_was_changed_is_never_used(tmp_path: Path, lock: Path, repository: list[str]) -> None:
    jars.fetch((lock,), cache=tmp_path / "c")
    next((tmp_path / "c").rglob("two-2.0.jar")).write_bytes(b"evil")
    with pytest.raises(LocalClusterError, match=r"two-2\.0\.jar"):
        jars.class_path(lock, tmp_path / "c")


def test_a_download_with_another_checksum_is_refused_and_leaves_nothing(
    tmp_path: Path, lock: Path, repository: list[str]
) -> None:
    lock.write_text(lock.read_text().replace(_sha(b"one-1.0.jar"), _sha(b"another")))
    with pytest.raises(LocalClusterError, match="SHA-256"):
        jars.fetch((lock,), cache=tmp_path / "c")
    assert not list((tmp_path / "c").rglob("one-1.0.jar"))
    assert not list((tmp_path / "c").glob("download-*"))


def test_the_cache_follows_the_platforms_custom() -> None:
    assert jars.cache_folder({"XDG_CACHE_HOME": "/x"}, "darwin") == Path("/x/kaiwa")
    assert jars.cache_folder({}, "darwin") == Path.home() / "Library/Caches/kaiwa"
    assert jars.cache_folder({}, "linux") == Path.home() / ".cache/kaiwa"


@pytest.mark.parametrize("path", [jars.KAFKA_LOCK, jars.DYNAMODB_LOCK])
def test_the_locks_of_the_engines_hold_a_checksum_for_every_jar_and_no_address(path: Path) -> None:
    locked = jars.read_lock(path)
    assert len(locked) > 40
    assert all(len(jar.sha256) == 64 for jar in locked)
    assert "://" not in path.read_text()


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


INTERRUPTED = """
import signal, sys, time
from pathlib import Path
from deploy.local import jars

# Who runs the tests in a shell's background has it ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

def endless(jar, folder):
    print("downloading", flush=True)
    time.sleep(600)

jars._from_repository = endless
jars.fetch((Path(sys.argv[1]),), cache=Path(sys.argv[2]))
"""


def test_an_interruption_waits_for_no_download(tmp_path: Path, lock: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(lock), str(tmp_path / "c")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(20) != 0
        finally:
            process.kill()


def test_the_first_error_ends_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = tmp_path / "many.toml"
    one = '[[dependencies]]\ngroupId = "org.example"\nartifactId = "a{n}"\nversion = "1"\nsha256 = "00"\n'
    many.write_text("".join(one.format(n=n) for n in range(50)))
    asked: list[str] = []

    def broken(jar: jars.Jar, _folder: Path) -> Path:
        asked.append(jar.filename)
        raise LocalClusterError("NO_NETWORK", "no network")

    monkeypatch.setattr(jars, "_from_repository", broken)
    with pytest.raises(LocalClusterError, match="no network"):
        jars.fetch((many,), cache=tmp_path / "c")
    assert len(asked) < 50
