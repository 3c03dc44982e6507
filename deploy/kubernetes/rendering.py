"""Overlays through kustomize, where it is installed: by itself or inside kubectl.

Where it is not, a digest of the sources in the first line of what was rendered still tells whether that is of today.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
RENDERED = HERE / "rendered"
OVERLAYS = ("local", "aws", "aws-operators")
_SOURCES = ("base", "issuer", "components", "overlays")


class RenderingFailed(Exception):
    """kustomize refuses an overlay; the text is its own."""

    code = "RENDERING_FAILED"
    retryable = False


def kustomize() -> tuple[str, ...] | None:
    """The command that renders a folder; None where there is neither kustomize nor kubectl."""
    if found := shutil.which("kustomize"):
        return (found, "build")
    if found := shutil.which("kubectl"):
        return (found, "kustomize")
    return None


def render(command: tuple[str, ...], overlay: str) -> str:
    """The overlay's resources as YAML below a line that names their sources. Raises RenderingFailed."""
    run = subprocess.run(  # noqa: S603 (kustomize, found on the PATH)
        (*command, str(HERE / "overlays" / overlay)), capture_output=True, text=True, timeout=60, check=False
    )
    if run.returncode:
        raise RenderingFailed(f"overlays/{overlay}: {run.stderr.strip()}")
    return f"{first_line()}\n{run.stdout}"


def first_line() -> str:
    """What was rendered from these sources begins with it."""
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((HERE / folder).rglob("*.yaml")):
            digest.update(f"{path.relative_to(HERE).as_posix()}\n".encode() + path.read_bytes())
    return f"# Generated: python -m deploy.kubernetes, from sources {digest.hexdigest()[:16]}"


def same(one: str, other: str) -> bool:
    """Whether two texts are of the same sources and hold the same resources.

    Versions of kustomize quote and order differently.
    """
    return _first(one) == _first(other) and _resources(one) == _resources(other)


def is_of_today(text: str) -> bool:
    """Whether a rendered text is of the sources as they are."""
    return _first(text) == first_line()


def load_all(text: str) -> list[dict[str, Any]]:
    """The resources in a text, those that are empty left out."""
    # The loader in C takes a tenth of the time; not every platform has it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [resource for resource in yaml.load_all(text, Loader=loader) if resource]


def _first(text: str) -> str:
    return text.partition("\n")[0]


def _resources(text: str) -> dict[tuple[str, str, str], Any]:
    return {
        (resource["kind"], resource["metadata"].get("namespace", ""), resource["metadata"]["name"]): resource
        for resource in load_all(text)
    }
