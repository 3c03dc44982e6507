"""Every manifest is what Kubernetes says it may be, with no field that it does not know, in two of its versions."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from kubernetes_validate import utils

from deploy.kubernetes.rendering import OVERLAYS
from tests.unit.deploy.kubernetes.manifests import resources

VERSIONS = ("1.34.0", "1.37.0")
OPERATORS = ("kafka.strimzi.io/v1", "keda.sh/v1alpha1")
"""Whose resources have schemas in their own clusters only."""


@pytest.fixture(scope="module", autouse=True)
def _schemas_are_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", cache(utils.schema_contents))
        yield


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_resource_is_valid(overlay: str, version: str) -> None:
    for resource in resources(overlay):
        if resource["apiVersion"] not in OPERATORS:
            assert utils.validate(resource, version, strict=True) == version.removesuffix(".0")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_field_that_kubernetes_does_not_know_is_refused(version: str) -> None:
    service: dict[str, Any] = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"portz": []}}
    with pytest.raises(utils.ValidationError):
        utils.validate(service, version, strict=True)


def test_resources_of_operators_are_only_where_those_are() -> None:
    found = {overlay: {resource["apiVersion"] for resource in resources(overlay)} for overlay in OVERLAYS}
    assert [overlay for overlay in OVERLAYS if found[overlay] & set(OPERATORS)] == ["aws-operators"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_everything_is_in_one_namespace(overlay: str) -> None:
    namespaces = {resource["metadata"].get("namespace") for resource in resources(overlay)}
    assert namespaces == {None, "kaiwa"}
    assert [found["kind"] for found in resources(overlay) if "namespace" not in found["metadata"]] == ["Namespace"]
