"""Where a cluster is: its ``cluster.json``, with settings of the environment on top, so that a remote one works too."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_DIRECTORY = Path(".kaiwa")

# cluster.json's field: the environment variable that wins over it (spec 13).
VARIABLES = {
    "websocketUrl": "KAIWA_WEBSOCKET_URL",
    "connectionApiUrl": "KAIWA_CONNECTION_API_URL",
    "httpApiUrl": "KAIWA_HTTP_API_URL",
    "webUrl": "KAIWA_WEB_URL",
    "kafkaBootstrap": "KAIWA_KAFKA_BOOTSTRAP",
    "dynamodbEndpoint": "KAIWA_DYNAMODB_ENDPOINT",
    "table": "KAIWA_TABLE",
    "region": "KAIWA_REGION",
    "accessKeyId": "KAIWA_ACCESS_KEY_ID",
    "secretAccessKey": "KAIWA_SECRET_ACCESS_KEY",
    "issuer": "KAIWA_ISSUER",
    "jwksUrl": "KAIWA_JWKS_URL",
    "clientId": "KAIWA_CLIENT_ID",
}


class NoClusterError(Exception):
    """No such cluster, or not enough is known of it; the text is a sentence that says what to do. Exit code 1."""

    code = "NO_CLUSTER"
    retryable = False


@dataclass(frozen=True)
class Cluster:
    """What is known of a cluster, by the names of ``cluster.json``; ``processes`` is empty for a remote one."""

    directory: Path
    fields: Mapping[str, str]
    processes: Mapping[str, Mapping[str, Any]]

    def __getitem__(self, field: str) -> str:
        """The value of a field of spec 13, e.g. ``cluster["websocketUrl"]``. Raises NoClusterError if it is unknown."""
        if value := self.fields.get(field):
            return value
        raise NoClusterError(
            f"No cluster is running in {self.directory} and {VARIABLES[field]} is not set: start one with `kaiwa up`, "
            "name another folder with --dir, or set that variable."
        )

    def environment(self) -> dict[str, str]:
        """The ``KAIWA_…`` variables for a process of ours that talks to this cluster."""
        return {VARIABLES[field]: value for field, value in self.fields.items()}


def read_cluster(directory: Path = DEFAULT_DIRECTORY, environ: Mapping[str, str] | None = None) -> Cluster:
    """What ``directory/cluster.json`` and the environment tell; nothing is asked for until a field is read.

    Raises NoClusterError if the file is there and cannot be read.
    """
    environ = os.environ if environ is None else environ
    described = _described(directory / "cluster.json")
    fields = {field: environ.get(variable) or described.get(field) for field, variable in VARIABLES.items()}
    known = {field: str(value) for field, value in fields.items() if value}
    return Cluster(directory, known, described.get("processes", {}))


def export(directory: Path = DEFAULT_DIRECTORY) -> None:
    """Puts what ``cluster.json`` knows into this process's environment, so that settings classes find it there."""
    os.environ.update(read_cluster(directory).environment())


def _described(path: Path) -> dict[str, Any]:
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise NoClusterError(
            f"{path} cannot be read ({error}): stop the cluster with `kaiwa down` and start it again."
        ) from error
    return described if isinstance(described, dict) else {}
