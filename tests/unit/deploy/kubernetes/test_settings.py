"""What the manifests set is what the processes read: no unknown name, nothing missing, and it all goes together."""

from pathlib import Path
from typing import Any

import pytest

from chassis import runloop
from chassis.consumers import STOP_LIMIT_S
from chassis.settings import SECRETS_FOLDER, load
from deploy.kubernetes.rendering import OVERLAYS
from gateway import app
from gateway.refusals import UPGRADE_REQUIRED
from tests.unit.deploy.kubernetes.manifests import (
    SETTINGS,
    Workload,
    environment,
    everywhere,
    named,
    of_kind,
    process_of,
    secrets,
    workload,
)

NO_SETTINGS = {SECRETS_FOLDER, "POD_IP"}
ONLY_IN_THE_POD = {"KAIWA_KAFKA_CA_FILE"}
"""Names a file that a Secret of the cluster brings."""


def load_as_in_the_pod(overlay: str, found: Workload, folder: Path, patch: pytest.MonkeyPatch) -> Any:
    """The settings of the process, read as it reads them itself."""
    for key, value in secrets(overlay, found).items():
        (folder / key).write_text(value)
    for name, value in environment(overlay, found).items():
        if name not in ONLY_IN_THE_POD:
            patch.setenv(name, value)
    patch.setenv(SECRETS_FOLDER, str(folder))
    return load(SETTINGS[process_of(found)])


@pytest.mark.parametrize(("overlay", "found"), everywhere(ours=True))
def test_every_name_is_a_setting_of_the_process(overlay: str, found: Workload) -> None:
    fields = {f"KAIWA_{name.upper()}" for name in SETTINGS[process_of(found)].model_fields}
    given = {*environment(overlay, found), *(name.upper() for name in secrets(overlay, found))}
    unknown = given - NO_SETTINGS - fields
    if process_of(found) == "table":
        # `kaiwa table` shares its Secret with `kaiwa topics`.
        unknown -= {"KAIWA_KAFKA_SASL_USERNAME", "KAIWA_KAFKA_SASL_PASSWORD"}
    assert unknown == set()


@pytest.mark.parametrize(("overlay", "found"), everywhere(ours=True))
def test_every_setting_that_is_needed_is_there_and_right(
    overlay: str, found: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_as_in_the_pod(overlay, found, tmp_path, monkeypatch)


@pytest.mark.parametrize(("overlay", "found"), everywhere(ours=True))
def test_secrets_are_files_and_never_in_the_environment(overlay: str, found: Workload) -> None:
    assert not [name for name in environment(overlay, found) if "SECRET_" in name or "PASSWORD" in name]
    assert {"name": "secrets", "mountPath": environment(overlay, found)[SECRETS_FOLDER], "readOnly": True} in (
        found.container["volumeMounts"]
    )


@pytest.mark.parametrize(("overlay", "found"), everywhere(ours=True, served=True))
def test_a_process_listens_where_its_ports_are(
    overlay: str, found: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_as_in_the_pod(overlay, found, tmp_path, monkeypatch)
    pairs = {
        "gateway": {"ws": "gateway", "connection-api": "connection_api"},
        "api": {"http": "http"},
        "issuer": {"http": ""},
    }.get(found.name, {}) | {"health": "health"}
    ports = {port["name"]: port["containerPort"] for port in found.container["ports"]}
    assert set(ports) == set(pairs)
    for port, prefix in pairs.items():
        assert getattr(settings, f"{prefix}_port".lstrip("_")) == ports[port]
        assert getattr(settings, f"{prefix}_host".lstrip("_")) == "0.0.0.0"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_gateway_is_named_after_its_pod_and_reached_at_its_own_address(
    overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_as_in_the_pod(overlay, workload(overlay, "gateway"), tmp_path, monkeypatch)
    assert settings.gateway_id == "gateway-5d9c-x7k2p"
    assert settings.connection_api_address == "http://10.244.1.7:8082/prod"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_browsers_are_led_to_the_stage(overlay: str) -> None:
    stage = environment(overlay, workload(overlay, "gateway"))["KAIWA_STAGE"]
    assert environment(overlay, workload(overlay, "api"))["KAIWA_WEBSOCKET_URL"].endswith(f"/{stage}")
    (rule,) = named(overlay, "Ingress", "kaiwa")["spec"]["rules"]
    paths = {path["path"]: path["backend"]["service"] for path in rule["http"]["paths"]}
    assert paths == {
        f"/{stage}": {"name": "gateway", "port": {"name": "ws"}},
        "/api": {"name": "api", "port": {"name": "http"}},
        "/": {"name": "api", "port": {"name": "http"}},
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_connection_api_is_behind_no_ingress(overlay: str) -> None:
    for ingress in of_kind(overlay, "Ingress"):
        backends = [path["backend"]["service"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
        assert {backend["port"]["name"] for backend in backends} == {"ws", "http"}
        assert "defaultBackend" not in ingress["spec"]
    assert all("type" not in service["spec"] for service in of_kind(overlay, "Service")), "inside the cluster only"


def test_a_rollout_waits_for_the_load_balancer() -> None:
    labels = named("aws", "Namespace", "kaiwa")["metadata"]["labels"]
    assert labels["elbv2.k8s.aws/pod-readiness-gate-inject"] == "enabled"
    gateway = named("aws", "Service", "gateway")["metadata"]["annotations"]
    stage = environment("aws", workload("aws", "gateway"))["KAIWA_STAGE"]
    assert gateway["alb.ingress.kubernetes.io/healthcheck-path"] == f"/{stage}"
    assert gateway["alb.ingress.kubernetes.io/success-codes"] == str(UPGRADE_REQUIRED.status)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_service_leads_to_a_port_of_a_pod(overlay: str) -> None:
    for service in of_kind(overlay, "Service"):
        selected = [
            found
            for found in (workload(overlay, name) for name in _names(overlay))
            if service["spec"]["selector"].items() <= found.labels.items()
        ]
        assert len(selected) == 1, service["metadata"]["name"]
        names = {port["name"] for port in selected[0].container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_gateways_and_fan_out_share_key_and_region(
    overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, fanout = workload(overlay, "gateway"), workload(overlay, "fanout")
    with monkeypatch.context() as patch:
        key = load_as_in_the_pod(overlay, gateway, tmp_path, patch)
    if overlay == "local":
        data = [named(overlay, "Secret", _secret(found))["data"] for found in (gateway, fanout)]
        assert data[0]["kaiwa_access_key_id"] == data[1]["kaiwa_push_access_key_id"]
        assert data[0]["kaiwa_secret_access_key"] == data[1]["kaiwa_push_secret_access_key"]
    assert key.region == environment(overlay, fanout)["KAIWA_REGION"]


@pytest.mark.parametrize("overlay", ["aws", "aws-operators"])
def test_what_is_outside_of_a_laptop_is_production(
    overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = workload(overlay, "topics")
    settings = load_as_in_the_pod(overlay, found, tmp_path, monkeypatch)
    assert settings.is_production
    assert settings.kafka_security_protocol == "SASL_SSL"
    assert (settings.replication, settings.min_insync_replicas) == (3, 2)
    assert settings.dynamodb_endpoint is None
    assert settings.access_key_id is None, "the role of the pod is its key"


def test_a_certificate_authority_is_a_file_of_the_pod() -> None:
    for name in ("gateway", "api", "persistence", "presence", "fanout", "topics"):
        found = workload("aws-operators", name)
        file = Path(environment("aws-operators", found)["KAIWA_KAFKA_CA_FILE"])
        assert str(file.parent) in [mount["mountPath"] for mount in found.container["volumeMounts"]]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_gateway_has_time_to_drain(overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = workload(overlay, "gateway")
    settings = load_as_in_the_pod(overlay, found, tmp_path, monkeypatch)
    # The parts of gateway/drain.py and gateway/app.py, each at its longest, one after the other.
    waits = 2 * max(settings.drain_s * 0.3, 1.0) + settings.acknowledgement_s
    needed = _pre_stop_s(found) + settings.drain_s * 0.7 + waits + app.STOPPED_S + settings.close_timeout_s + 2 * 5
    assert found.pod["terminationGracePeriodSeconds"] >= needed


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_consumer_has_time_to_finish_what_it_began(overlay: str) -> None:
    for name in ("persistence", "presence", "fanout"):
        needed = runloop.STOP_LIMIT_S + STOP_LIMIT_S + 10
        assert workload(overlay, name).pod["terminationGracePeriodSeconds"] >= needed


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_requests_under_way_are_answered(overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = workload(overlay, "api")
    settings = load_as_in_the_pod(overlay, found, tmp_path, monkeypatch)
    assert found.pod["terminationGracePeriodSeconds"] >= _pre_stop_s(found) + settings.http_time_limit_s + 15
    assert _pre_stop_s(found) >= 5


def _pre_stop_s(found: Workload) -> int:
    seconds: int = found.container["lifecycle"]["preStop"]["sleep"]["seconds"]
    return seconds


def _names(overlay: str) -> list[str]:
    return [resource["metadata"]["name"] for resource in of_kind(overlay, "Deployment", "StatefulSet")]


def _secret(found: Workload) -> str:
    (name,) = (volume["secret"]["secretName"] for volume in found.pod["volumes"] if volume["name"] == "secrets")
    return str(name)
