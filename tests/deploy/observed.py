"""What a real Prometheus says to the questions of the dashboards and the alerts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiohttp import ClientSession

OBSERVABILITY = Path(__file__).parents[2] / "deploy" / "observability"
INTERVAL = "1m"
"""What Grafana puts for $__rate_interval at this rate of scraping."""


def dashboard_queries() -> Iterator[tuple[str, str]]:
    """Panel and expression, as Grafana sends it."""
    for path in sorted((OBSERVABILITY / "grafana" / "dashboards").glob("*.json")):
        for panel in _panels(json.loads(path.read_text())["panels"]):
            for target in panel.get("targets", ()):
                yield f"{path.stem}: {panel['title']}", target["expr"].replace("$__rate_interval", INTERVAL)


def alert_queries() -> Iterator[tuple[str, str]]:
    """Alert and expression."""
    for group in yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def _panels(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in panels:
        yield panel
        yield from _panels(panel.get("panels", []))


@dataclass(frozen=True)
class Prometheus:
    """Its HTTP API."""

    url: str

    async def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series now; AssertionError with what is wrong in the expression."""
        answer = await self._get("query", query=expression)
        assert answer["status"] == "success", f"{expression}: {answer}"
        return list(answer["data"]["result"])

    async def targets(self) -> dict[str, str]:
        """Each scraped address, and how it is."""
        active = (await self._get("targets", state="active"))["data"]["activeTargets"]
        return {one["labels"]["instance"]: one["health"] for one in active}

    async def _get(self, what: str, **parameters: str) -> Any:
        async with ClientSession() as session, session.get(f"{self.url}/api/v1/{what}", params=parameters) as answer:
            return await answer.json()
