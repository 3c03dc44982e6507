"""Who may reach whom is what reach.OVERLAY.txt says, pair by pair: what is not named there may not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kubernetes.rendering import OVERLAYS
from tests.unit.deploy.kubernetes.manifests import Workload, of_kind, workloads
from tests.unit.deploy.kubernetes.reach import End, Port, Rule, allowed

_CLIENT = {"kaiwa/connection-api-client": "true"}
_ONLY_ANSWER = ("dns", "machine-metadata", "msk")
_INTERNET = (Port(number=443),)
STRANGERS = (
    # Pods of the same namespace: without a label of ours, and with the one label.
    End(name="stranger"),
    End(name="client", labels=_CLIENT),
    # The same label elsewhere counts only where the namespace has one, too.
    End(name="backend", labels=_CLIENT, namespace="shop", namespace_labels={"kaiwa/connection-api-clients": "true"}),
    End(name="impostor", labels=_CLIENT, namespace="elsewhere"),
    End(name="passer-by", namespace="elsewhere"),
    End(name="keda", namespace="keda"),
    End(name="prometheus", namespace="monitoring", namespace_labels={"kaiwa/scrapes-metrics": "true"}),
    End(
        name="collector",
        namespace="telemetry",
        namespace_labels={"kaiwa/takes-traces": "true"},
        ports=(Port(number=4318), Port(number=4317)),
    ),
    End(
        name="dns",
        labels={"k8s-app": "kube-dns"},
        namespace="kube-system",
        ports=(Port(number=53), Port(number=53, protocol="UDP")),
    ),
    End(name="internet", namespace=None, address="203.0.113.10", ports=_INTERNET),
    End(name="msk", namespace=None, address="10.0.3.4", ports=(Port(number=9096), Port(number=22))),
    # It gives away the rights of the machine.
    End(name="machine-metadata", namespace=None, address="169.254.169.254", ports=(Port(number=80), *_INTERNET)),
)
STRIMZI = End(
    name="strimzi",
    labels={"strimzi.io/cluster": "kaiwa", "strimzi.io/kind": "Kafka"},
    ports=(Port(number=9093, name="tcp-tls"), Port(number=9091)),
)
"""What Strimzi makes; the policy before it, Strimzi makes from the listener."""


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_who_may_reach_whom(overlay: str) -> None:
    expected = (Path(__file__).parent / f"reach.{overlay}.txt").read_text(encoding="utf-8").splitlines()
    assert sorted(_allowed(overlay)) == [line for line in expected if line and not line.startswith("#")]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_bound_in_both_directions(overlay: str) -> None:
    (everything,) = (policy for policy in _policies(overlay) if policy["metadata"]["name"] == "default-deny")
    assert everything["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_clients_of_the_connection_api_reach_it(overlay: str) -> None:
    found = {line.split(" -> ")[0] for line in _allowed(overlay) if line.endswith("gateway:8082")}
    assert found == {"backend", "client", "fanout"}


def test_only_those_that_need_it_reach_the_table() -> None:
    found = {line.split(" -> ")[0] for line in _allowed("local") if line.endswith("dynamodb:8000")}
    assert found == {"api", "fanout", "persistence", "presence", "table", "topics"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_those_that_record_traces_reach_a_collector_and_it_reaches_none_of_them(overlay: str) -> None:
    found = list(_allowed(overlay))
    senders = {line.split(" -> ")[0] for line in found if line.endswith("collector:4318")}
    assert senders == {"api", "fanout", "gateway", "persistence"}
    assert "collector -> gateway:8082" not in found
    assert "collector:4317" not in "".join(found)


def test_a_pod_that_nobody_selects_is_open() -> None:
    ends = (End(name="a"), End(name="b", ports=(Port(number=1),)))
    assert list(allowed((), ends)) == ["a -> b:1"]


def test_gateways_reach_one_another() -> None:
    (gateway,) = (end for end in _ends("local") if end.name == "gateway")
    other = End(name="another", labels=gateway.labels, ports=gateway.ports)
    found = set(allowed(_policies("local"), (gateway, other)))
    assert {"gateway -> another:8082", "another -> gateway:8082"} <= found


def _allowed(overlay: str) -> Iterator[str]:
    found = allowed(_policies(overlay), _ends(overlay))
    return (line for line in found if line.split(" -> ")[0] not in _ONLY_ANSWER)


def _policies(overlay: str) -> list[Rule]:
    return [*of_kind(overlay, "NetworkPolicy"), *_policies_of_strimzi(overlay)]


def _policies_of_strimzi(overlay: str) -> Iterator[Rule]:
    for kafka in of_kind(overlay, "Kafka"):
        for listener in kafka["spec"]["kafka"]["listeners"]:
            rule = {"from": listener["networkPolicyPeers"], "ports": [{"port": listener["port"]}]}
            spec = {"podSelector": {"matchLabels": STRIMZI.labels}, "policyTypes": ["Ingress"], "ingress": [rule]}
            yield {"metadata": {"name": "of-strimzi", "namespace": kafka["metadata"]["namespace"]}, "spec": spec}


def _ends(overlay: str) -> tuple[End, ...]:
    more = (STRIMZI,) if overlay == "aws-operators" else ()
    return (*(_end(found) for found in workloads(overlay)), *STRANGERS, *more)


def _end(found: Workload) -> End:
    ports = tuple(
        Port(number=port["containerPort"], name=port["name"], protocol=port.get("protocol", "TCP"))
        for port in found.container.get("ports", [])
    )
    return End(name=found.name, labels=found.labels, ports=ports)
