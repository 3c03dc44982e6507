"""deploy/compose brought up by a real Docker Engine, on ports and with volumes of its own."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from deploy.local.ports import free_port
from tests.deploy.commands import said
from tests.deploy.observed import Prometheus

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose" / "compose.yaml"
PORTS = ("KAIWA_PORT", "KAIWA_CONNECTION_API_PORT", "KAIWA_KAFKA_PORT", "KAIWA_DYNAMODB_PORT", "KAIWA_PROMETHEUS_PORT")
UP_WITHIN_S = 300


class Stack:
    """One project of compose; the image is built first."""

    def __init__(self, project: str) -> None:
        self.ports = {name: free_port() for name in PORTS}
        self._environ = {**os.environ, **{name: str(port) for name, port in self.ports.items()}}
        self._command = ("docker", "compose", "--project-name", project, "--file", str(COMPOSE))

    async def __call__(self, *words: str, within_s: float = 120.0, check: bool = True) -> str:
        """What `docker compose WORDS` prints."""
        return await said([*self._command, *words], environ=self._environ, within_s=within_s, check=check)

    async def up(self) -> None:
        """All is healthy when it returns, and the jobs are done."""
        await self("up", "--detach", "--wait", "--wait-timeout", str(UP_WITHIN_S), within_s=UP_WITHIN_S + 60)

    async def observed(self) -> Prometheus:
        """Prometheus of the profile `observability`, ready. Its other images are not needed for what it says."""
        await self("--profile", "observability", "up", "--detach", "--wait", "prometheus", "probe")
        return Prometheus(f"http://127.0.0.1:{self.ports['KAIWA_PROMETHEUS_PORT']}")

    async def kill(self, service: str) -> None:
        """kill -9, and started again, as after a crash of the machine's own making."""
        await self("kill", "--signal", "KILL", service)
        await self("start", service)

    async def states(self) -> dict[str, str]:
        """Each service's health, or its state where it has no check."""
        lines = (await self("ps", "--all", "--format", "json")).splitlines()
        rows = [json.loads(line) for line in lines]
        return {row["Service"]: row["Health"] or row["State"] for row in rows}

    async def cluster(self) -> dict[str, Any]:
        """As `cluster.json` describes a local one."""
        page = f"localhost:{self.ports['KAIWA_PORT']}"
        key_id, secret = [
            (await self("exec", "-T", "api", "cat", f"/run/secrets/kaiwa_{name}")).strip()
            for name in ("access_key_id", "secret_access_key")
        ]
        return {
            # The page's own origin passes sign-in on.
            "issuer": f"http://{page}",
            "httpApiUrl": f"http://{page}",
            "connectionApiUrl": f"http://127.0.0.1:{self.ports['KAIWA_CONNECTION_API_PORT']}/prod",
            "kafkaBootstrap": f"127.0.0.1:{self.ports['KAIWA_KAFKA_PORT']}",
            "dynamodbEndpoint": f"http://127.0.0.1:{self.ports['KAIWA_DYNAMODB_PORT']}",
            "table": "kaiwa",
            "region": "us-east-1",
            "accessKeyId": key_id,
            "secretAccessKey": secret,
            "processes": {name: {"websocketUrl": f"ws://{page}/prod"} for name in ("gateway-1", "gateway-2")},
        }


@contextlib.asynccontextmanager
async def stack(project: str) -> AsyncIterator[Stack]:
    """The image is built and the stack is up; all of it is gone afterwards."""
    made = Stack(project)
    await made("build", within_s=1_200)
    try:
        await made.up()
        yield made
    finally:
        await made("--profile", "*", "down", "--volumes", "--timeout", "45", within_s=200, check=False)
