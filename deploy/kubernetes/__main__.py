"""Writes what is generated for Kubernetes and AWS, from contracts/ and from the overlays.

python -m deploy.kubernetes            writes Strimzi's topics and deploy/aws; and rendered/, for which it needs
                                       kustomize or kubectl
python -m deploy.kubernetes --check    exits 1 and names what is not current
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from chassis.settings import KafkaSettings
from deploy.aws.policies import policies
from deploy.aws.template import template
from deploy.kubernetes.rendering import HERE, OVERLAYS, RENDERED, is_of_today, kustomize, render, same
from deploy.kubernetes.topics import kafka_topics

AWS = HERE.parent / "aws"
COMMAND = "python -m deploy.kubernetes"
_HEAD = f"# Generated: {COMMAND}\n"


def generated() -> dict[Path, str]:
    """Path to content of all that comes from contracts/."""
    partitions: int = KafkaSettings.model_fields["partitions"].default
    return {
        HERE / "components" / "strimzi" / "topics.yaml": _yaml(kafka_topics(partitions)),
        AWS / "table.yaml": _yaml([template()]),
        **{AWS / "iam" / f"{process}.json": _json(policy) for process, policy in policies().items()},
    }


def stale() -> list[Path]:
    """What is missing or not what the code and the overlays say."""
    return [path for path, content in generated().items() if _read(path) != content] + _stale_renderings()


def write() -> bool:
    """Write all of it, first what the overlays are rendered from; False if there is nothing to render with."""
    for path, content in generated().items():
        path.write_text(content, encoding="utf-8")
    command = kustomize()
    if command:
        for path, overlay in _renderings().items():
            path.write_text(render(command, overlay), encoding="utf-8")
    return command is not None


def _stale_renderings() -> list[Path]:
    command, renderings = kustomize(), _renderings()
    if command:
        return [path for path, overlay in renderings.items() if not same(_read(path), render(command, overlay))]
    return [path for path in renderings if not is_of_today(_read(path))]


def _renderings() -> dict[Path, str]:
    return {RENDERED / f"{overlay}.yaml": overlay for overlay in OVERLAYS}


def _yaml(documents: list[dict[str, Any]]) -> str:
    return _HEAD + yaml.safe_dump_all(documents, sort_keys=False, width=120)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2) + "\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> int:
    """The command line; 0, or 1 when `--check` found something that is not current."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell whether the files are current")
    if not parser.parse_args().check:
        if not write():
            sys.stderr.write(
                "deploy/kubernetes/rendered is not written: neither kustomize nor kubectl is on the PATH\n"
            )
            return 1
        return 0
    out_of_date = stale()
    for path in out_of_date:
        sys.stderr.write(f"{path.relative_to(HERE.parents[1])} is not current: run {COMMAND}\n")
    return 1 if out_of_date else 0


if __name__ == "__main__":
    sys.exit(main())
