"""What the processes are told, held against what their settings ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.settings import AnySettings, load
from deploy.issuer.settings import DevIssuerSettings
from deploy.local.addresses import Addresses
from deploy.local.child import ProcessSpec
from deploy.local.home import Home
from deploy.local.processes import Cluster, Keys, issuer, services
from gateway.settings import GatewaySettings
from services.persistence.api.settings import ApiSettings
from services.persistence.settings import PersistenceSettings


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(Home(tmp_path), Addresses(24_000, 2, 31_000), Keys("KAIWA1", "secret"))


def test_every_process_of_the_specification_is_started_and_each_gateway_once(cluster: Cluster) -> None:
    names = [spec.name for spec in (*services(cluster), issuer(cluster))]
    assert sorted(names) == ["api", "fanout", "gateway-1", "gateway-2", "issuer", "persistence", "presence"]


def test_the_settings_of_each_process_are_whole_and_agree(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = {spec.name: spec for spec in (*services(cluster), issuer(cluster))}
    gateway = _told(specs["gateway-2"], GatewaySettings, monkeypatch)
    api = _told(specs["api"], ApiSettings, monkeypatch)
    persistence = _told(specs["persistence"], PersistenceSettings, monkeypatch)
    tokens = _told(specs["issuer"], DevIssuerSettings, monkeypatch)
    assert (gateway.gateway_id, gateway.gateway_port, gateway.connection_api_port) == ("gateway-2", 24_013, 24_014)
    assert gateway.origins == set(api.origins) == {"http://localhost:24000", "http://127.0.0.1:24000"}
    assert api.http_port == 24_000
    assert api.websocket_url == "ws://127.0.0.1:24010/prod"
    assert gateway.issuer == api.issuer == tokens.issuer == api.sign_in_url == "http://127.0.0.1:24001"
    assert gateway.client_id == api.client_id == tokens.audience
    assert persistence.table == api.table == "kaiwa"
    assert persistence.dynamodb_endpoint == api.dynamodb_endpoint == "http://127.0.0.1:31000"


def test_the_health_port_is_the_one_that_is_asked(cluster: Cluster) -> None:
    for spec in (*services(cluster), issuer(cluster)):
        assert spec.environ["KAIWA_HEALTH_PORT"] == str(spec.port)


def test_each_process_names_the_address_at_which_others_reach_it(cluster: Cluster) -> None:
    assert {spec.name: spec.address for spec in (*services(cluster), issuer(cluster))} == {
        "gateway-1": "ws://127.0.0.1:24010/prod",
        "gateway-2": "ws://127.0.0.1:24013/prod",
        "api": "http://127.0.0.1:24000",
        "issuer": "http://127.0.0.1:24001",
        "persistence": "",
        "presence": "",
        "fanout": "",
    }


def test_settings_of_the_shell_for_another_kafka_do_not_reach_the_local_one(cluster: Cluster) -> None:
    assert cluster.environment()["KAIWA_KAFKA_SECURITY_PROTOCOL"] == "PLAINTEXT"


def _told(spec: ProcessSpec, settings: type[AnySettings], monkeypatch: pytest.MonkeyPatch) -> AnySettings:
    with monkeypatch.context() as patch:
        for name, value in spec.environ.items():
            patch.setenv(name, value)
        return load(settings)
