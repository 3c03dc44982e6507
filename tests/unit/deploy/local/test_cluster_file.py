from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.local import cluster_file
from deploy.local.addresses import Addresses
from deploy.local.home import Home
from deploy.local.processes import Cluster, Keys


@pytest.fixture
def described(tmp_path: Path) -> dict[str, Any]:
    made = Cluster(Home(tmp_path), Addresses(24_000, 2, 31_000), Keys("KAIWA1", "secret"))
    pids = {"kafka": 1, "dynamodb": 2, "gateway-1": 3, "gateway-2": 4, "api": 5}
    return cluster_file.described(made, pids, {name: 24_050 + pid for name, pid in pids.items()})


def test_it_has_the_fields_of_the_specification(described: dict[str, Any]) -> None:
    assert set(described) == {
        "websocketUrl",
        "connectionApiUrl",
        "httpApiUrl",
        "webUrl",
        "kafkaBootstrap",
        "dynamodbEndpoint",
        "table",
        "region",
        "accessKeyId",
        "secretAccessKey",
        "issuer",
        "jwksUrl",
        "clientId",
        "processes",
    }


def test_the_addresses_at_the_top_are_those_of_the_first_gateway(described: dict[str, Any]) -> None:
    gateways = [described["processes"][name] for name in ("gateway-1", "gateway-2")]
    assert described["websocketUrl"] == gateways[0]["websocketUrl"] == "ws://127.0.0.1:24010/prod"
    assert described["connectionApiUrl"] == gateways[0]["connectionApiUrl"]
    assert gateways[1]["websocketUrl"] == "ws://127.0.0.1:24013/prod"


def test_every_process_has_its_id_log_health_and_metrics(described: dict[str, Any], tmp_path: Path) -> None:
    assert described["processes"]["api"] == {
        "pid": 5,
        "log": str(tmp_path / "logs" / "api.log"),
        "healthUrl": "http://127.0.0.1:24055/healthz",
        "metricsUrl": "http://127.0.0.1:24055/metrics",
    }


def test_the_engines_have_no_health_page_of_ours(described: dict[str, Any]) -> None:
    assert described["processes"]["kafka"]["healthUrl"] is None
    assert described["processes"]["dynamodb"]["metricsUrl"] is None
