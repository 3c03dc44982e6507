"""Disruptions take one at a time, and no consumer is scaled beyond what it can read."""

import re

import pytest

from contracts.limits import CONNECTIONS
from contracts.topics import BY_NAME
from deploy.kubernetes.rendering import OVERLAYS
from gateway import metrics
from services.fanout.settings import FanoutSettings
from services.persistence.settings import PersistenceSettings
from services.presence.settings import PresenceSettings
from tests.unit.deploy.kubernetes.manifests import environment, named, of_kind, secrets, workload, workloads

GROUPS = {
    "persistence": PersistenceSettings.model_fields["persistence_group"].default,
    "presence": PresenceSettings.model_fields["presence_group"].default,
    "fanout": FanoutSettings.model_fields["fanout_group"].default,
}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_deployment_may_be_disturbed_one_pod_at_a_time(overlay: str) -> None:
    budgets = {budget["metadata"]["name"]: budget["spec"] for budget in of_kind(overlay, "PodDisruptionBudget")}
    deployments = {found.name: found for found in workloads(overlay) if found.kind == "Deployment"}
    assert set(budgets) == set(deployments)
    for name, budget in budgets.items():
        assert budget["maxUnavailable"] == 1
        assert budget["selector"] == deployments[name].resource["spec"]["selector"]
        # A pod that is not ready must not keep a node from being emptied.
        assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_two_of_each_run_where_nobody_scales_them() -> None:
    for name in ("gateway", "api", "persistence", "presence", "fanout"):
        assert workload("local", name).resource["spec"]["replicas"] == 2


@pytest.mark.parametrize("overlay", ["aws", "aws-operators"])
def test_gateways_are_scaled_by_their_connections(overlay: str) -> None:
    scaler = named(overlay, "HorizontalPodAutoscaler", "gateway")["spec"]
    assert "replicas" not in workload(overlay, "gateway").resource["spec"], "each apply would set them back"
    assert scaler["minReplicas"] >= 2
    (metric,) = scaler["metrics"]
    assert metric["pods"]["metric"]["name"] in {found.name for found in metrics.CONNECTIONS.collect()}
    # When one of two is gone, the other has room for a fair part of its clients until a third is there.
    assert int(metric["pods"]["target"]["averageValue"]) <= 0.7 * CONNECTIONS
    assert scaler["behavior"]["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 300}]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_consumer_has_more_replicas_than_partitions(overlay: str) -> None:
    partitions = int(environment(overlay, workload(overlay, "persistence"))["KAIWA_PARTITIONS"])
    scaled = {found["metadata"]["name"]: found["spec"]["maxReplicaCount"] for found in of_kind(overlay, "ScaledObject")}
    for name in GROUPS:
        most = scaled.get(name, workload(overlay, name).resource["spec"].get("replicas", 1))
        assert 2 <= most <= partitions


def test_consumers_are_scaled_by_the_lag_of_their_own_group_on_a_topic_that_they_read() -> None:
    overlay = "aws-operators"
    scaled = {found["spec"]["scaleTargetRef"]["name"]: found["spec"] for found in of_kind(overlay, "ScaledObject")}
    assert set(scaled) == set(GROUPS)
    for name, spec in scaled.items():
        (trigger,) = spec["triggers"]
        assert trigger["metadata"]["consumerGroup"] == GROUPS[name]
        assert name in BY_NAME[trigger["metadata"]["topic"]].consumers
        assert trigger["metadata"]["allowIdleConsumers"] == "false"
        assert trigger["metadata"]["bootstrapServersFromEnv"] in environment(overlay, workload(overlay, name))
        assert re.fullmatch("[0-9]+", trigger["metadata"]["lagThreshold"])
        assert spec["minReplicaCount"] >= 2
        assert "replicas" not in workload(overlay, name).resource["spec"]


def test_a_scaler_reads_the_lag_as_a_user_that_is_there_over_tls() -> None:
    overlay = "aws-operators"
    (authentication,) = of_kind(overlay, "TriggerAuthentication")
    for trigger in (trigger for found in of_kind(overlay, "ScaledObject") for trigger in found["spec"]["triggers"]):
        assert trigger["authenticationRef"] == {"name": authentication["metadata"]["name"]}
        assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == ("scram_sha512", "enable")
    parameters = {found["parameter"]: found for found in authentication["spec"]["secretTargetRef"]}
    assert set(parameters) == {"username", "password", "ca"}
    for name in ("username", "password"):
        assert parameters[name]["name"] == "setup"
        assert parameters[name]["key"] in secrets(overlay, workload(overlay, "topics"))


def test_kafka_in_the_cluster_has_a_name_that_other_namespaces_resolve() -> None:
    (address,) = environment("aws-operators", workload("aws-operators", "fanout"))["KAIWA_KAFKA_BOOTSTRAP"].split(",")
    (kafka,) = of_kind("aws-operators", "Kafka")
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    metadata = kafka["metadata"]
    assert address == f"{metadata['name']}-kafka-bootstrap.{metadata['namespace']}.svc:{listener['port']}"


def test_the_topics_of_strimzi_have_the_partitions_that_the_processes_expect() -> None:
    expected = environment("aws-operators", workload("aws-operators", "persistence"))["KAIWA_PARTITIONS"]
    for topic in of_kind("aws-operators", "KafkaTopic"):
        single = BY_NAME[topic["metadata"]["name"]].single_partition
        assert topic["spec"]["partitions"] == (1 if single else int(expected))
