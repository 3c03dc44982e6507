"""What `kaiwa up` was asked for, and what follows from it before anything starts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local import addresses
from deploy.local.home import Home
from deploy.local.processes import Cluster, Keys


@dataclass(frozen=True)
class Options:
    """The options of `kaiwa up` (spec 13)."""

    folder: Path
    port_base: int | None = None
    gateways: int = 1
    ephemeral: bool = False


@dataclass(frozen=True)
class Screen:
    """Where progress goes: ``step(text, done, of)`` while it starts, ``say(line)`` at any time, ``ready(…)`` once."""

    step: Callable[[str, int, int], None]
    say: Callable[[str], None]
    ready: Callable[[Cluster], None]


def decide(home: Home, options: Options) -> Cluster:
    """The cluster's addresses and keys: those of the last run where that is possible, kept for the next.

    Raises LocalClusterError ``PORT_TAKEN``.
    """
    kept = home.read(home.keys_file)
    chosen = addresses.choose(home.folder, options.port_base, options.gateways, kept.get("dynamodbPort"))
    keys = Keys(
        # DynamoDB Local takes letters and digits only.
        kept.get("accessKeyId") or "KAIWA" + secrets.token_hex(6).upper(),
        kept.get("secretAccessKey") or secrets.token_hex(20),
    )
    content = {"accessKeyId": keys.access_key_id, "secretAccessKey": keys.secret_access_key}
    home.write(home.keys_file, {**content, "dynamodbPort": chosen.dynamodb})
    return Cluster(home, chosen, keys, options.ephemeral)
