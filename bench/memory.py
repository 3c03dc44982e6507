"""Resident memory of each process of a cluster at rest."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bench.machine import resident_bytes

REST_S = 5.0


async def measure(described: Mapping[str, Any]) -> dict[str, float]:
    """MiB by process, some seconds after the start."""
    await asyncio.sleep(REST_S)
    return {name: resident_bytes(entry["pid"]) / 2**20 for name, entry in described["processes"].items()}
