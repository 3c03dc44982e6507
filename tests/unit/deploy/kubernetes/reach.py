"""Who may open a connection to whom, judged from NetworkPolicies as Kubernetes defines them.

A pod that no policy selects for a direction is open in it; a selected one only to what some policy names. Both ends
must agree. Not seen: what a node itself does (kubelet's probes always pass), and a pod's way to itself.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

Rule = Mapping[str, Any]
NAMESPACE = "kaiwa"


@dataclass(frozen=True, kw_only=True)
class Port:
    """Where an end listens."""

    number: int
    name: str = ""
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{self.number}" if self.protocol == "TCP" else f"{self.number}/{self.protocol}"


@dataclass(frozen=True, kw_only=True)
class End:
    """A pod, or an address outside of the cluster."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = NAMESPACE
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    ports: tuple[Port, ...] = ()


def allowed(policies: Iterable[Rule], ends: Iterable[End]) -> Iterator[str]:
    """`from -> to:port` for each pair that may, one end or both being ours."""
    policies = tuple(policies)
    for source, target in permutations(ends, 2):
        if NAMESPACE in (source.namespace, target.namespace):
            for port in target.ports:
                if _may(policies, source, target, port):
                    yield f"{source.name} -> {target.name}:{port}"


def _may(policies: Iterable[Rule], source: End, target: End, port: Port) -> bool:
    leaves = _lets(policies, "Egress", source, target, port)
    return leaves and _lets(policies, "Ingress", target, source, port)


def _lets(policies: Iterable[Rule], direction: str, one: End, other: End, port: Port) -> bool:
    if one.namespace is None:
        return True
    binding = [policy for policy in policies if _binds(policy, direction, one)]
    key, side = direction.lower(), "from" if direction == "Ingress" else "to"
    return not binding or any(
        _names_peer(rule.get(side), policy, other) and _names_port(rule.get("ports"), port)
        for policy in binding
        for rule in policy["spec"].get(key) or []
    )


def _binds(policy: Rule, direction: str, end: End) -> bool:
    spec = policy["spec"]
    return (
        policy["metadata"]["namespace"] == end.namespace
        and direction in spec["policyTypes"]
        and _selects(spec["podSelector"], end.labels)
    )


def _names_peer(peers: list[Rule] | None, policy: Rule, end: End) -> bool:
    return not peers or any(_is_peer(peer, policy["metadata"]["namespace"], end) for peer in peers)


def _is_peer(peer: Rule, namespace: str, end: End) -> bool:
    if "ipBlock" in peer:
        inside = [_inside(end, cidr) for cidr in peer["ipBlock"].get("except", [])]
        return _inside(end, peer["ipBlock"]["cidr"]) and not any(inside)
    if end.namespace is None:
        return False
    if "namespaceSelector" in peer:
        labels = {"kubernetes.io/metadata.name": end.namespace, **end.namespace_labels}
        return _selects(peer["namespaceSelector"], labels) and _selects(peer.get("podSelector", {}), end.labels)
    return end.namespace == namespace and _selects(peer["podSelector"], end.labels)


def _inside(end: End, cidr: str) -> bool:
    # What a block means for pods depends on the network plugin: it is held against addresses outside only.
    return end.namespace is None and ipaddress.ip_address(end.address) in ipaddress.ip_network(cidr)


def _names_port(ports: list[Rule] | None, port: Port) -> bool:
    return not ports or any(
        entry.get("protocol", "TCP") == port.protocol and entry.get("port") in (None, port.number, port.name)
        for entry in ports
    )


def _selects(selector: Rule, labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}, "the judge knows matchLabels only"
    wanted: Mapping[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()
