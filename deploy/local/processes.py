"""What each process of the local cluster is started with: the same settings that images and manifests give."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from chassis.readiness import unready
from deploy.local.addresses import Addresses
from deploy.local.child import ProcessSpec
from deploy.local.home import Home

STAGE = "prod"
REGION = "us-east-1"
TABLE = "kaiwa"
CLIENT_ID = "kaiwa-local"
_LOOPBACK = "127.0.0.1"
_DRAIN_S = 40.0


@dataclass(frozen=True)
class Keys:
    """The access key of one cluster: for its table and for its connection API."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class Cluster:
    """Everything that is decided before the first process starts."""

    home: Home
    addresses: Addresses
    keys: Keys
    is_ephemeral: bool = False
    """The table is in memory."""

    @property
    def kafka_bootstrap(self) -> str:
        """``127.0.0.1:PORT``."""
        return f"{_LOOPBACK}:{self.addresses.port('kafka')}"

    @property
    def dynamodb_endpoint(self) -> str:
        """For ``endpoint_url``."""
        return f"http://{_LOOPBACK}:{self.addresses.dynamodb}"

    @property
    def api_url(self) -> str:
        """Of the HTTP API and of the web page; paths begin with ``/api``."""
        return f"http://{_LOOPBACK}:{self.addresses.port('api')}"

    @property
    def issuer_url(self) -> str:
        """``iss`` of the tokens."""
        return f"http://{_LOOPBACK}:{self.addresses.port('issuer')}"

    @property
    def jwks_url(self) -> str:
        """Where the issuer's keys are."""
        return f"{self.issuer_url}/.well-known/jwks.json"

    def websocket_url(self, number: int = 1) -> str:
        """With the stage."""
        return f"ws://{_LOOPBACK}:{self.addresses.gateway(number)[0]}/{STAGE}"

    def connection_api_url(self, number: int = 1) -> str:
        """With the stage."""
        return f"http://{_LOOPBACK}:{self.addresses.gateway(number)[1]}/{STAGE}"

    def environment(self) -> dict[str, str]:
        """What every process of this cluster is told."""
        api = self.addresses.port("api")
        return {
            "KAIWA_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "KAIWA_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
            "KAIWA_TABLE": TABLE,
            "KAIWA_DYNAMODB_ENDPOINT": self.dynamodb_endpoint,
            "KAIWA_REGION": REGION,
            "KAIWA_ACCESS_KEY_ID": self.keys.access_key_id,
            "KAIWA_SECRET_ACCESS_KEY": self.keys.secret_access_key,
            # Its file is what a kill leaves behind; memory is forgotten anyway.
            "KAIWA_TABLE_ANSWERS_EARLY": str(not self.is_ephemeral).lower(),
            "KAIWA_ISSUER": self.issuer_url,
            "KAIWA_JWKS_URL": self.jwks_url,
            "KAIWA_CLIENT_ID": CLIENT_ID,
            "KAIWA_STAGE": STAGE,
            "KAIWA_ALLOWED_ORIGINS": f"http://localhost:{api},http://{_LOOPBACK}:{api}",
            "KAIWA_WEBSOCKET_URL": self.websocket_url(),
            "KAIWA_HTTP_API_URL": self.api_url,
            "KAIWA_HEALTH_HOST": _LOOPBACK,
            # boto3 would send requests for loopback through a proxy of the machine.
            "NO_PROXY": f"{_LOOPBACK},localhost",
            "no_proxy": f"{_LOOPBACK},localhost",
        }


def services(cluster: Cluster) -> list[ProcessSpec]:
    """All that needs Kafka and the table; they start side by side."""
    port = cluster.addresses.port
    api = {
        "KAIWA_HTTP_HOST": _LOOPBACK,
        "KAIWA_HTTP_PORT": str(port("api")),
        "KAIWA_DEV_ISSUER_URL": cluster.issuer_url,
    }
    return [
        *(_gateway(cluster, number) for number in range(1, cluster.addresses.gateways + 1)),
        _service(cluster, "persistence", "persistence", port("persistence"), {}),
        _service(cluster, "api", "api", port("api-health"), api, address=cluster.api_url),
        _service(cluster, "presence", "presence", port("presence"), {}),
        _service(cluster, "fanout", "fanout", port("fanout"), {}),
    ]


def issuer(cluster: Cluster) -> ProcessSpec:
    """The development issuer, which needs nobody."""
    own = {"KAIWA_HOST": _LOOPBACK, "KAIWA_PORT": str(cluster.addresses.port("issuer"))}
    own["KAIWA_ISSUER_KEY_FILE"] = str(cluster.home.folder / "issuer" / "key.pem")
    health = cluster.addresses.port("issuer-health")
    return _service(cluster, "issuer", "issuer", health, own, address=cluster.issuer_url)


def _gateway(cluster: Cluster, number: int) -> ProcessSpec:
    public, connections, health = cluster.addresses.gateway(number)
    own = {
        "KAIWA_GATEWAY_ID": f"gateway-{number}",
        "KAIWA_GATEWAY_HOST": _LOOPBACK,
        "KAIWA_GATEWAY_PORT": str(public),
        "KAIWA_CONNECTION_API_HOST": _LOOPBACK,
        "KAIWA_CONNECTION_API_PORT": str(connections),
    }
    address = cluster.websocket_url(number)
    return _service(cluster, f"gateway-{number}", "gateway", health, own, address=address, stop_grace_s=_DRAIN_S)


def _service(
    cluster: Cluster,
    name: str,
    process: str,
    health: int,
    own: dict[str, str],
    *,
    address: str = "",
    stop_grace_s: float = 15.0,
) -> ProcessSpec:
    environ = {**cluster.environment(), "KAIWA_INSTANCE_ID": name, "KAIWA_HEALTH_PORT": str(health), **own}
    return ProcessSpec(
        name=name,
        argv=(str(Path(sys.executable).with_name("kaiwa")), "run", process),
        log=cluster.home.log(name),
        port=health,
        missing=lambda: unready(health),
        environ=environ,
        stop_grace_s=stop_grace_s,
        address=address,
    )
