"""``cluster.json`` (spec 13): a ready cluster described for programs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.processes import CLIENT_ID, REGION, TABLE, Cluster

ENGINES = ("kafka", "dynamodb")


def described(cluster: Cluster, pids: Mapping[str, int], health_ports: Mapping[str, int]) -> dict[str, Any]:
    """The content of the file. The WebSocket and connection API addresses at the top are those of ``gateway-1``."""
    return {
        "websocketUrl": cluster.websocket_url(),
        "connectionApiUrl": cluster.connection_api_url(),
        "httpApiUrl": cluster.api_url,
        "webUrl": cluster.api_url,
        "kafkaBootstrap": cluster.kafka_bootstrap,
        "dynamodbEndpoint": cluster.dynamodb_endpoint,
        "table": TABLE,
        "region": REGION,
        "accessKeyId": cluster.keys.access_key_id,
        "secretAccessKey": cluster.keys.secret_access_key,
        "issuer": cluster.issuer_url,
        "jwksUrl": cluster.jwks_url,
        "clientId": CLIENT_ID,
        "processes": {name: _process(cluster, name, pid, health_ports[name]) for name, pid in pids.items()},
    }


def _process(cluster: Cluster, name: str, pid: int, health_port: int) -> dict[str, Any]:
    log: Path = cluster.home.log(name)
    engine = name in ENGINES
    entry: dict[str, Any] = {
        "pid": pid,
        "log": str(log),
        # The engines are not ours and have neither.
        "healthUrl": None if engine else f"http://127.0.0.1:{health_port}/healthz",
        "metricsUrl": None if engine else f"http://127.0.0.1:{health_port}/metrics",
    }
    if name.startswith("gateway-"):
        number = int(name.removeprefix("gateway-"))
        entry["websocketUrl"] = cluster.websocket_url(number)
        entry["connectionApiUrl"] = cluster.connection_api_url(number)
    return entry
