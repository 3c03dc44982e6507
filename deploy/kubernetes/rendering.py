"""Overlays through kustomize, where it is installed: by itself or inside kubectl."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
RENDERED = HERE / "rendered"
OVERLAYS = ("local", "aws", "aws-operators")


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
    """The overlay's resources as YAML. Raises RenderingFailed."""
    run = subprocess.run(  # noqa: S603 (kustomize, found on the PATH)
        (*command, str(HERE / "overlays" / overlay)), capture_output=True, text=True, timeout=60, check=False
    )
    if run.returncode:
        raise RenderingFailed(f"overlays/{overlay}: {run.stderr.strip()}")
    return run.stdout


def same(one: str, other: str) -> bool:
    """Whether two texts hold the same resources: versions of kustomize quote and order differently."""
    return _resources(one) == _resources(other)


def _resources(text: str) -> dict[tuple[str, str, str], Any]:
    found = (resource for resource in yaml.safe_load_all(text) if resource)
    return {
        (resource["kind"], resource["metadata"].get("namespace", ""), resource["metadata"]["name"]): resource
        for resource in found
    }
