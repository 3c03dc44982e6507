"""The overlay `local` in a real cluster, reached by the addresses of its Services."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.deploy.commands import said

OVERLAY = Path(__file__).parents[2] / "deploy" / "kubernetes" / "overlays" / "local"
KUBECTL = os.environ.get("KAIWA_TEST_KUBECTL", "")
"""A kubectl for a cluster that may be filled and emptied, run where Services' addresses can be reached."""
CUT_NODE = os.environ.get("KAIWA_TEST_CUT_NODE", "")
"""A program that takes a node off the network when it is called with `down`, and puts it back with `up`."""
DEPLOYMENTS = ("gateway", "api", "persistence", "presence", "fanout")
READY_WITHIN_S = 240


class Stack:
    """The namespace `kaiwa`."""

    async def __call__(self, *words: str, within_s: float = 60.0, check: bool = True) -> str:
        """What `kubectl WORDS` prints."""
        return await said([KUBECTL, *words], within_s=within_s, check=check)

    async def in_kaiwa(self, *words: str, within_s: float = 60.0, check: bool = True) -> str:
        """The same in our namespace."""
        return await self("--namespace", "kaiwa", *words, within_s=within_s, check=check)

    async def up(self) -> None:
        """Every Deployment is rolled out when it returns."""
        await self("apply", "--server-side", "--kustomize", str(OVERLAY))
        for one in ("job/table", "job/topics"):
            await self._waits("wait", "--for=condition=complete", one)
        for name in DEPLOYMENTS:
            await self.rolled_out(name)

    async def rolled_out(self, name: str) -> None:
        """Its pods are those of today, and ready."""
        await self._waits("rollout", "status", f"deployment/{name}")

    async def _waits(self, *words: str) -> None:
        await self.in_kaiwa(*words, f"--timeout={READY_WITHIN_S}s", within_s=READY_WITHIN_S + 30)

    async def pods(self, name: str) -> list[str]:
        """The names of those that are to stay."""
        selector = f"app.kubernetes.io/component={name}"
        found = json.loads(await self.in_kaiwa("get", "pods", "--selector", selector, "--output", "json"))
        return [pod["metadata"]["name"] for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]]

    async def cluster(self) -> dict[str, Any]:
        """As `cluster.json` describes a local one."""
        services = json.loads(await self.in_kaiwa("get", "services", "--output", "json"))["items"]
        address = {one["metadata"]["name"]: one["spec"]["clusterIP"] for one in services}
        web, socket = f"http://{address['api']}:8080", f"ws://{address['gateway']}:8081/prod"
        return {
            "issuer": web,
            "httpApiUrl": web,
            "dynamodbEndpoint": f"http://{address['dynamodb']}:8000",
            "table": "kaiwa",
            "region": "us-east-1",
            "accessKeyId": "TESTS",
            "secretAccessKey": "tests",
            "processes": {name: {"websocketUrl": socket} for name in ("gateway-1", "gateway-2")},
        }


@contextlib.asynccontextmanager
async def stack() -> AsyncIterator[Stack]:
    """The overlay is applied and ready; its namespace is gone afterwards."""
    made = Stack()
    try:
        await made.up()
        yield made
    finally:
        await made("delete", "namespace", "kaiwa", "--wait=false", within_s=60, check=False)
