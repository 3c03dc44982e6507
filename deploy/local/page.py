"""Builds the web page where it is missing or older than its sources, with a progress bar.

python -m deploy.local.page              builds it; the cluster then serves it
python -m deploy.local.page run lint     runs npm in web/, with its packages and the right Node
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.faults import LocalClusterError
from deploy.local.node import node_environ
from deploy.local.setup import ROOT

WEB = ROOT / "web"
_NOT_SOURCES = {"node_modules", "dist", "tests", "README.md"}
Step = Callable[[str, int], None]


def build(web: Path, step: Step) -> None:
    """``web/dist`` is what the sources say when it returns. Raises LocalClusterError ``NO_NODE``, ``NO_PACKAGES``,
    ``NOT_BUILT``.
    """
    if is_built(web):
        return
    environ = installed(web, step)
    step("Building the web page", 2)
    made = _npm(web, environ, "run", "build", "--", "--logLevel", "warn")
    if made.returncode:
        raise LocalClusterError("NOT_BUILT", f"The web page cannot be built:\n{made.stdout}{made.stderr}")
    _stamp(web, "page").write_text(_sources(web), encoding="utf-8")
    step("The web page is built", 3)


def installed(web: Path, step: Step) -> dict[str, str]:
    """The packages of ``web/package-lock.json`` are there; the result is the environment for npm.

    Raises LocalClusterError ``NO_NODE`` or ``NO_PACKAGES``.
    """
    step("Looking for Node", 0)
    environ = node_environ()
    wanted, stamp = _digest([web / "package-lock.json", web / ".npmrc"]), _stamp(web, "packages")
    if not _says(stamp, wanted):
        step("Installing the web page's packages", 1)
        made = _npm(web, environ, "ci", "--no-progress", "--loglevel", "error")
        if made.returncode:
            raise LocalClusterError(
                "NO_PACKAGES",
                f"The web page's packages cannot be installed; it needs the network, or a mirror in npm's "
                f"configuration. npm said:\n{made.stderr}",
            )
        stamp.write_text(wanted, encoding="utf-8")
    return environ


def is_built(web: Path) -> bool:
    """Whether ``web/dist`` was built from the sources as they are now."""
    return (web / "dist" / "index.html").is_file() and _says(_stamp(web, "page"), _sources(web))


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, npm's own, or 1 after one sentence on stderr."""
    try:
        with _bar() as bar:
            task = bar.add_task("", total=3, visible=False)

            def step(text: str, done: int) -> None:
                bar.update(task, description=text, completed=done, visible=True)

            if not arguments:
                build(WEB, step)
                return 0
            environ = installed(WEB, step)
        return subprocess.run(["npm", *arguments], cwd=WEB, env=environ, check=False).returncode  # noqa: S603, S607 (ours)
    except LocalClusterError as error:
        print(f"kaiwa: {error}", file=sys.stderr)  # noqa: T201 (a command's answer)
        return 1
    except KeyboardInterrupt:
        return 1


def _bar() -> Progress:
    columns = (TextColumn("kaiwa: {task.description}"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _npm(web: Path, environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["npm", *arguments], cwd=web, env=environ, capture_output=True, text=True, check=False)  # noqa: S603, S607


def _stamp(web: Path, name: str) -> Path:
    """Lies among the packages, so that it goes where they go."""
    return web / "node_modules" / f".kaiwa-{name}"


def _says(stamp: Path, text: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == text


def _sources(web: Path) -> str:
    return _digest(sorted(_files(web)))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _NOT_SOURCES:
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(file.anchor)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
