"""What every pod must be: without privileges, bounded, asked how it is, and of one known image."""

import re

import pytest

from deploy.kubernetes.rendering import OVERLAYS
from tests.unit.deploy.kubernetes.manifests import Workload, everywhere, named, of_kind, workload, workloads

OURS_BY_OVERLAY = {
    "local": {"api", "fanout", "gateway", "issuer", "persistence", "presence", "table", "topics"},
    "aws": {"api", "fanout", "gateway", "persistence", "presence", "table", "topics"},
    "aws-operators": {"api", "fanout", "gateway", "persistence", "presence", "table", "topics"},
}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_process_is_there_and_the_development_issuer_only_locally(overlay: str) -> None:
    assert {found.name for found in workloads(overlay) if found.is_ours} == OURS_BY_OVERLAY[overlay]


@pytest.mark.parametrize(("overlay", "found"), everywhere())
def test_a_pod_has_no_privileges(overlay: str, found: Workload) -> None:
    pod, container = found.pod["securityContext"], found.container["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] >= 1000
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not set(found.pod) & {"hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"}
    assert {key for volume in found.pod["volumes"] for key in volume} <= {"name", "emptyDir", "secret"}


@pytest.mark.parametrize(("overlay", "found"), everywhere(ours=True))
def test_a_process_of_ours_is_the_user_of_the_image(overlay: str, found: Workload) -> None:
    assert found.pod["securityContext"]["runAsUser"] == 10001


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_namespace_enforces_restricted_pod_security(overlay: str) -> None:
    labels = named(overlay, "Namespace", "kaiwa")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize(("overlay", "found"), everywhere())
def test_a_pod_cannot_speak_to_the_kubernetes_api(overlay: str, found: Workload) -> None:
    account = named(overlay, "ServiceAccount", found.pod["serviceAccountName"])
    assert found.pod["automountServiceAccountToken"] is False
    assert account["automountServiceAccountToken"] is False


def test_only_who_asks_the_table_has_a_role_on_aws() -> None:
    accounts = {account["metadata"]["name"]: account["metadata"] for account in of_kind("aws", "ServiceAccount")}
    with_role = {name for name, metadata in accounts.items() if metadata.get("annotations")}
    asking = [found for found in workloads("aws") if found.labels.get("kaiwa/uses-table")]
    assert with_role == {found.pod["serviceAccountName"] for found in asking}
    for name in with_role:
        assert accounts[name]["annotations"]["eks.amazonaws.com/role-arn"].endswith(f":role/kaiwa-{name}")


@pytest.mark.parametrize(("overlay", "found"), everywhere())
def test_no_service_sets_variables_in_a_pod(overlay: str, found: Workload) -> None:
    # A Service named kafka sets KAFKA_PORT, which the image takes for a setting of the broker.
    assert found.pod["enableServiceLinks"] is False


@pytest.mark.parametrize(("overlay", "found"), everywhere())
def test_a_pod_asks_for_what_it_needs_and_is_bounded(overlay: str, found: Workload) -> None:
    resources = found.container["resources"]
    assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory"}
    assert _bytes(resources["requests"]["memory"]) < _bytes(resources["limits"]["memory"])
    assert all("sizeLimit" in volume["emptyDir"] for volume in found.pod["volumes"] if "emptyDir" in volume)


@pytest.mark.parametrize(("overlay", "found"), everywhere())
def test_an_image_has_a_version(overlay: str, found: Workload) -> None:
    name, _, tag = found.container["image"].rpartition(":")
    assert name
    assert re.fullmatch(r"\d+\.\d+\.\d+", tag)
    assert found.container["imagePullPolicy"] == "IfNotPresent"


@pytest.mark.parametrize(("overlay", "found"), everywhere(ours=True, served=True))
def test_liveness_asks_the_process_alone_and_readiness_what_it_lacks(overlay: str, found: Workload) -> None:
    container = found.container
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "health"}
    assert container["startupProbe"]["httpGet"] == {"path": "/healthz", "port": "health"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}


@pytest.mark.parametrize(("overlay", "found"), everywhere(ours=True, served=True))
def test_prometheus_is_led_to_the_health_port(overlay: str, found: Workload) -> None:
    annotations = found.resource["spec"]["template"]["metadata"]["annotations"]
    (health,) = (port for port in found.container["ports"] if port["name"] == "health")
    assert annotations == {"prometheus.io/scrape": "true", "prometheus.io/port": str(health["containerPort"])}


@pytest.mark.parametrize(("overlay", "found"), everywhere(served=True))
def test_whoever_stays_is_probed(overlay: str, found: Workload) -> None:
    assert {"livenessProbe", "readinessProbe", "startupProbe"} <= set(found.container)


@pytest.mark.parametrize(("overlay", "found"), everywhere(ours=True))
def test_the_words_of_a_process_that_cannot_start_are_shown_with_its_pod(overlay: str, found: Workload) -> None:
    assert found.container["terminationMessagePolicy"] == "FallbackToLogsOnError"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_rollout_takes_nobody_away_before_a_successor_is_ready(overlay: str) -> None:
    deployments = [found for found in workloads(overlay) if found.kind == "Deployment"]
    assert {found.name for found in deployments} == {"api", "fanout", "gateway", "persistence", "presence"}
    for found in deployments:
        spec = found.resource["spec"]
        assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        assert spec["minReadySeconds"] > 0


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_replicas_are_spread_over_zones_and_nodes_but_never_left_unscheduled(overlay: str) -> None:
    for found in workloads(overlay):
        if found.kind == "Deployment":
            spread = found.pod["topologySpreadConstraints"]
            keys = [constraint["topologyKey"] for constraint in spread]
            # Where nodes have no zone, the scheduler passes over a pod's other wishes too.
            zone = [] if overlay == "local" else ["topology.kubernetes.io/zone"]
            assert keys == [*zone, "kubernetes.io/hostname"]
            for constraint in spread:
                assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
                assert constraint["labelSelector"]["matchLabels"].items() <= found.labels.items()
                assert "app.kubernetes.io/component" in constraint["matchLabelKeys"]


def test_what_there_is_one_of_keeps_to_one_node_so_that_another_may_go() -> None:
    alone = [found for found in workloads("local") if found.kind == "StatefulSet"]
    assert {found.name for found in alone} == {"dynamodb", "issuer", "kafka"}
    for found in alone:
        (wish,) = found.pod["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
        selector = wish["podAffinityTerm"]["labelSelector"]["matchLabels"]
        assert all(selector.items() <= other.labels.items() for other in alone)


def test_what_is_kept_locally_outlives_its_pod() -> None:
    for name, path in (("kafka", "/var/lib/kafka/data"), ("dynamodb", "/data"), ("issuer", "/var/lib/kaiwa")):
        found = workload("local", name)
        (claim,) = found.resource["spec"]["volumeClaimTemplates"]
        assert {"name": claim["metadata"]["name"], "mountPath": path} in found.container["volumeMounts"]


def _bytes(quantity: str) -> int:
    units = {"Mi": 2**20, "Gi": 2**30}
    return int(quantity[:-2]) * units[quantity[-2:]]
