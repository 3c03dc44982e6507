"""Makes ``.venv`` from the hash lock: what ``make`` does first, in any clone, with nothing but Python installed.

Run as ``python3 -m deploy.local.setup`` from the root; standard library only. A stamp, written last, tells that all is
done and for which lock, so an interrupted set-up is simply resumed and a finished one costs nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local import pip_settings
from deploy.local.disk import require_space
from deploy.local.faults import LocalClusterError
from deploy.local.jars import cache_folder

ROOT = Path(__file__).parents[2]
UV_LOCK = Path(__file__).with_name("uv.lock")
_NO_PACKAGES = (
    "Cannot install the Python packages: the lines above say why. It takes the network or a mirror in pip's "
    "configuration, room on the disk, and Linux or macOS on x86-64 or arm64. Run the same command again then: it goes "
    "on where it stopped."
)


def main(root: Path = ROOT) -> int:
    """Brings ``.venv`` up to date; the exit code is 0, or 1 after one sentence on stderr."""
    try:
        if not is_current(root):
            with _alone(root):
                _set_up(root)
    except LocalClusterError as error:
        print(f"kaiwa: {error}", file=sys.stderr)  # noqa: T201 (a command's answer)
        return 1
    except KeyboardInterrupt:
        print("\nkaiwa: interrupted; run the same command again to go on.", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def is_current(root: Path) -> bool:
    """Whether ``.venv`` was finished for the lock as it is now."""
    stamp = root / ".venv" / "kaiwa-setup"
    return stamp.exists() and stamp.read_text(encoding="utf-8") == _wanted(root) and _python(root).exists()


def installer(environ: dict[str, str]) -> Path:
    """A folder with the pinned ``uv`` and a ``python`` that has pip.

    Raises LocalClusterError ``NO_VENV`` or ``NO_PACKAGES``.
    """
    return locked_tools(UV_LOCK, "uv, the installer", environ)


def locked_tools(lock: Path, what: str, environ: dict[str, str]) -> Path:
    """The ``bin`` folder of an environment with what ``lock`` names, kept in the user's cache; pip checks the hashes.

    Raises LocalClusterError ``NO_VENV`` or ``NO_NETWORK``.
    """
    key = hashlib.sha256(lock.read_bytes() + f"linked {sys.executable} {sys.version}".encode()).hexdigest()[:16]
    link = cache_folder() / f"{lock.stem}-{key}"
    if not link.exists():
        _say(f"Getting {what}")
        link.parent.mkdir(parents=True, exist_ok=True)
        _link(link, _made_of(lock, link, environ))
    return link / "bin"


def _made_of(lock: Path, link: Path, environ: dict[str, str]) -> Path:
    folder = Path(tempfile.mkdtemp(dir=link.parent, prefix=f"{link.name}-"))
    try:
        python = _make_venv(folder)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _must(_run([*pip, "--require-hashes", "-r", str(lock)], folder, pip_settings.for_pip(environ)))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _link(link: Path, folder: Path) -> None:
    """The folder itself stays where it was made: its scripts name it. Of two clones the last one's serves both."""
    new = folder / "link"
    new.symlink_to(folder)
    new.replace(link)


def _set_up(root: Path) -> None:
    if is_current(root):  # The one we waited for has done it.
        return
    if warning := require_space(root):
        _say(warning)
    environ = dict(os.environ)
    tools = installer(environ)
    uv = str(tools / "uv")
    environ = pip_settings.for_uv(pip_settings.read(tools / "python", environ), environ)
    _say("Installing the Python packages of requirements.lock into .venv")
    stamp = root / ".venv" / "kaiwa-setup"
    stamp.unlink(missing_ok=True)
    python = ["--python", str(_python(root))]
    # A half made one is filled up; one that was moved here, or is of another Python, has that Python in its scripts.
    made_for, mark = f"{_python_version()} {root}\n", root / ".venv" / "kaiwa-made-for"
    same = mark.exists() and mark.read_text(encoding="utf-8") == made_for
    how = "--allow-existing" if same else "--clear"
    _must(_run([uv, "venv", "--quiet", how, "--python", sys.executable, ".venv"], root, environ))
    mark.write_text(made_for, encoding="utf-8")
    _must(_run([uv, "pip", "sync", *python, "--require-hashes", "requirements.lock"], root, environ))
    own = ["--quiet", "--no-deps", "--no-build-isolation", "--editable", "."]
    _must(_run([uv, "pip", "install", *python, *own], root, environ))
    stamp.write_text(_wanted(root), encoding="utf-8")


def _wanted(root: Path) -> str:
    """What the stamp holds: the locks, the project's own metadata, and the Python they were installed for."""
    content = hashlib.sha256(UV_LOCK.read_bytes())
    for name in ("requirements.lock", "pyproject.toml"):
        content.update((root / name).read_bytes())
    return f"{content.hexdigest()} {_python_version()} {root}\n"


def _python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _make_venv(folder: Path) -> Path:
    """A bare environment with pip. Raises LocalClusterError ``NO_VENV``, with the reason."""
    made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)  # noqa: S603
    if made.returncode:
        raise LocalClusterError("NO_VENV", f"{sys.executable} cannot make virtual environments: {_no_venv(made)}.")
    return folder / "bin" / "python"


def _no_venv(made: subprocess.CompletedProcess[str]) -> str:
    said = f"{made.stdout}\n{made.stderr}"
    if "ensurepip" in said or "No module named" in said:
        return (
            f"install its venv module (on Debian and Ubuntu: apt-get install python{_python_version()}-venv) and run "
            "the same command again"
        )
    return next((line.strip(" .") for line in reversed(said.splitlines()) if line.strip()), "it does not say why")


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One set-up of this folder at a time; the lock goes with the process, however it ends."""
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f"setup-{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another set-up of this folder is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: Sequence[str], folder: Path, environ: dict[str, str]) -> int:
    return subprocess.run(command, cwd=folder, env=environ, check=False).returncode  # noqa: S603 (our own command lines)


def _must(code: int) -> None:
    if code:
        raise LocalClusterError("NO_PACKAGES", _NO_PACKAGES)


def _python(root: Path) -> Path:
    return root / ".venv" / "bin" / "python"


def _say(text: str) -> None:
    print(f"kaiwa: {text} …" if not text.endswith(".") else f"kaiwa: {text}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
