"""The engines' jars: read from a lock, downloaded once for all clones, checked whenever they are used.

Each file stands under its own SHA-256 in the user's cache folder, so a download that is cut short leaves nothing half
there, two clones share what they have in common, and a second run fetches only what is missing.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache as cache_for_ever
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from deploy.local import disk
from deploy.local.faults import LocalClusterError

KAFKA_LOCK = Path(__file__).with_name("kafka.lock.toml")
DYNAMODB_LOCK = Path(__file__).with_name("dynamodb.lock.toml")
_DOWNLOADS_AT_ONCE = 6

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Jar:
    """One file of an engine: Maven coordinates and the SHA-256 (hex) it must have."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """``kafka_2.13-4.3.1.jar``."""
        return f"{self.artifact}-{self.version}.jar"


def read_lock(path: Path) -> tuple[Jar, ...]:
    """The jars of a jgo lock, in its order. Native libraries are left out: DynamoDB Local's own jar brings them."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["dependencies"]
    return tuple(
        Jar(entry["groupId"], entry["artifactId"], entry["version"], entry["sha256"])
        for entry in entries
        if entry.get("packaging", "jar") == "jar"
    )


def cache_folder(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """The user's cache for Kaiwa: under ``$XDG_CACHE_HOME``, ``~/Library/Caches`` on macOS, else ``~/.cache``."""
    environ = os.environ if environ is None else environ
    if xdg := environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "kaiwa"
    return Path.home() / ("Library/Caches" if platform == "darwin" else ".cache") / "kaiwa"


def class_path(lock: Path, cache: Path | None = None) -> str:
    """The value for ``java -cp``: every jar of the lock, present and with the right SHA-256.

    Raises LocalClusterError ``JARS_MISSING`` if one is not there: ``fetch`` first.
    """
    cache = cache or cache_folder()
    jars = read_lock(lock)
    if missing := [jar.filename for jar in jars if not _is_good(jar, cache)]:
        raise LocalClusterError("JARS_MISSING", f"{missing[0]} is missing from {cache}: run `kaiwa up` to fetch it.")
    return os.pathsep.join(str(_place(jar, cache)) for jar in jars)


def fetch(
    locks: tuple[Path, ...] = (KAFKA_LOCK, DYNAMODB_LOCK),
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Downloads what the locks name and the cache lacks; returns when every file is in place with the right SHA-256.

    ``progress(done, total)`` is called after each file. Safe to run twice at once, and again after an interruption.
    Raises LocalClusterError ``NO_NETWORK``, ``WRONG_CHECKSUM`` or ``DISK_FULL``.
    """
    cache = cache or cache_folder()
    missing = [jar for lock in locks for jar in read_lock(lock) if not _is_good(jar, cache)]
    if not missing:
        return
    disk.require_space(cache)
    with tempfile.TemporaryDirectory(dir=_made(cache), prefix="download-", ignore_cleanup_errors=True) as folder:
        for done, _ in enumerate(_downloaded(missing, Path(folder), cache), start=1):
            if progress:
                progress(done, len(missing))


def _downloaded(jars: Sequence[Jar], folder: Path, cache: Path) -> Iterator[Jar]:
    """Each when it is in place, a few downloads at once; raises the first error.

    Its threads are daemons, so an interruption ends the program at once: those of a pool are waited for at the exit.
    """
    waiting, ended = SimpleQueue[Jar](), SimpleQueue[Jar | BaseException]()
    for jar in jars:
        waiting.put(jar)

    def work() -> None:
        while not waiting.empty():
            try:
                jar = waiting.get_nowait()
                _download(jar, folder, cache)
            except Empty:
                return
            except BaseException as error:  # noqa: BLE001 (handed over, and raised there)
                ended.put(error)
                return
            ended.put(jar)

    for _ in range(_DOWNLOADS_AT_ONCE):
        Thread(target=work, name="download", daemon=True).start()
    try:
        for _ in jars:
            outcome = ended.get()
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
    finally:
        with suppress(Empty):
            while True:
                waiting.get_nowait()


def _download(jar: Jar, folder: Path, cache: Path) -> None:
    fetched = _from_repository(jar, folder)
    if _sha256(fetched) != jar.sha256:
        raise LocalClusterError(
            "WRONG_CHECKSUM",
            f"{jar.filename} arrived with another SHA-256 than the lock names: run the command again, and if it "
            "stays so do not use this network's Maven mirror.",
        )
    place = _place(jar, cache)
    _made(place.parent)
    os.replace(fetched, place)


def _from_repository(jar: Jar, folder: Path) -> Path:
    # jgo and requests take half a second to import, which a start with a full cache need not pay.
    import jgo.constants  # noqa: PLC0415
    import requests  # noqa: PLC0415
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    remotes = {**GlobalSettings.load().repositories, "central": jgo.constants.MAVEN_CENTRAL_URL}
    context = MavenContext(repo_cache=folder, local_repos=[], remote_repos=remotes, timeout=60)
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    try:
        return Path(artifact.resolve())
    except (requests.RequestException, RuntimeError) as error:
        raise LocalClusterError(
            "NO_NETWORK",
            f"Cannot download {jar.filename} ({type(error).__name__}; the first start needs the network): connect, or "
            "put a Maven mirror under [repositories] in ~/.config/jgo.conf, and run the command again.",
        ) from error


def _place(jar: Jar, cache: Path) -> Path:
    return cache / "jars" / jar.sha256[:16] / jar.filename


def _is_good(jar: Jar, cache: Path) -> bool:
    place = _place(jar, cache)
    try:
        stat = place.stat()
    except FileNotFoundError:
        return False
    return _sha256_as_of(place, stat.st_size, stat.st_mtime_ns) == jar.sha256


@cache_for_ever
def _sha256_as_of(path: Path, _size: int, _mtime_ns: int) -> str:
    """A start asks twice for the same file: whether to fetch it, and for the class path."""
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
