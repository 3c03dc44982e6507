"""The rendered overlays as tests look at them: pods, their settings, and what they are asked to run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chassis.settings import Settings, TableSettings
from cli.topics import TopicsSettings
from deploy.issuer.settings import DevIssuerSettings
from deploy.kubernetes.rendering import HERE, OVERLAYS, RENDERED, load_all
from gateway.settings import GatewaySettings
from services.fanout.settings import FanoutSettings
from services.persistence.api.settings import ApiSettings
from services.persistence.settings import PersistenceSettings
from services.presence.settings import PresenceSettings

Resource = dict[str, Any]

SETTINGS: dict[str, type[Settings]] = {
    "gateway": GatewaySettings,
    "api": ApiSettings,
    "persistence": PersistenceSettings,
    "presence": PresenceSettings,
    "fanout": FanoutSettings,
    "issuer": DevIssuerSettings,
    "topics": TopicsSettings,
    "table": TableSettings,
}
"""What `kaiwa …` in a container reads, by the last word that names it."""

PODS = ("Deployment", "StatefulSet", "Job")
_DOWNWARD = {"metadata.name": "gateway-5d9c-x7k2p", "status.podIP": "10.244.1.7"}


@dataclass(frozen=True)
class Workload:
    """A resource that makes pods, and the one container in each."""

    resource: Resource

    @property
    def name(self) -> str:
        name: str = self.resource["metadata"]["name"]
        return name

    @property
    def kind(self) -> str:
        kind: str = self.resource["kind"]
        return kind

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.resource["spec"]["template"]["metadata"]["labels"]
        return labels

    @property
    def pod(self) -> Resource:
        pod: Resource = self.resource["spec"]["template"]["spec"]
        return pod

    @property
    def container(self) -> Resource:
        (container,) = self.pod["containers"]
        assert isinstance(container, dict)
        return container

    @property
    def is_ours(self) -> bool:
        return bool(self.container["image"].rpartition(":")[0].endswith("kaiwa"))

    @property
    def is_served(self) -> bool:
        return self.kind != "Job"


@cache
def resources(overlay: str) -> tuple[Resource, ...]:
    return read(RENDERED / f"{overlay}.yaml")


def read(path: Path) -> tuple[Resource, ...]:
    return tuple(load_all(path.read_text(encoding="utf-8")))


def of_kind(overlay: str, *kinds: str) -> Iterator[Resource]:
    return (resource for resource in resources(overlay) if resource["kind"] in kinds)


def named(overlay: str, kind: str, name: str) -> Resource:
    (found,) = (resource for resource in of_kind(overlay, kind) if resource["metadata"]["name"] == name)
    return found


def workloads(overlay: str) -> list[Workload]:
    return [Workload(resource) for resource in of_kind(overlay, *PODS)]


def workload(overlay: str, name: str) -> Workload:
    (found,) = (candidate for candidate in workloads(overlay) if candidate.name == name)
    return found


def everywhere(*, ours: bool = False, served: bool = False) -> list[Any]:
    """Every workload of every overlay, for `pytest.mark.parametrize`."""
    return [
        pytest.param(overlay, found, id=f"{overlay}-{found.name}")
        for overlay in OVERLAYS
        for found in workloads(overlay)
        if (found.is_ours or not ours) and (found.is_served or not served)
    ]


def environment(overlay: str, found: Workload) -> dict[str, str]:
    """What the container's environment holds, as kubelet makes it."""
    environ: dict[str, str] = {}
    for source in found.container.get("envFrom", []):
        environ |= named(overlay, "ConfigMap", source["configMapRef"]["name"]).get("data", {})
    own: dict[str, str] = {}
    for entry in found.container.get("env", []):
        own[entry["name"]] = _expanded(_value(entry), own)
    return environ | own


def secrets(overlay: str, found: Workload) -> dict[str, str]:
    """The files in the folder of secrets: of the overlay's own Secret, or of the one that it asks its site for."""
    (volume,) = (volume for volume in found.pod["volumes"] if volume["name"] == "secrets")
    name = volume["secret"]["secretName"]
    there = {secret["metadata"]["name"]: secret for secret in (*of_kind(overlay, "Secret"), *_examples())}
    if name not in there:
        assert volume["secret"].get("optional"), f"there is no Secret {name} in {overlay}"
        return {}
    secret = there[name]
    return dict.fromkeys((*secret.get("data", {}), *secret.get("stringData", {})), "Example1")


def process_of(found: Workload) -> str:
    """`run gateway` → `gateway`, `table --check` → `table`."""
    args: list[str] = found.container["args"]
    return args[1] if args[0] == "run" else args[0]


def _examples() -> tuple[Resource, ...]:
    return read(HERE / "overlays" / "aws" / "secrets.example.yaml")


def _value(entry: Mapping[str, Any]) -> str:
    if "value" in entry:
        return str(entry["value"])
    return _DOWNWARD[entry["valueFrom"]["fieldRef"]["fieldPath"]]


def _expanded(text: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"$({name})", value)
    return text
