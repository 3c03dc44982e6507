"""Grafana's dashboards, from code.

python -m deploy.observability.dashboards            writes deploy/observability/grafana/dashboards/
python -m deploy.observability.dashboards --check    exits 1 if what is written there is not current
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.observability import generated
from deploy.observability.gateway import gateway
from deploy.observability.overview import overview
from deploy.observability.pipeline import pipeline
from deploy.observability.replay import replay

FOLDER = Path("deploy/observability/grafana/dashboards")


def dashboards() -> dict[str, Any]:
    """File name, without its ending, to dashboard."""
    return {"overview": overview(), "gateway": gateway(), "pipeline": pipeline(), "replay": replay()}


def files() -> Mapping[Path, str]:
    """All that this module writes."""
    return {
        FOLDER / f"{name}.json": json.dumps(made.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
        for name, made in dashboards().items()
    }


if __name__ == "__main__":
    sys.exit(generated.command("deploy.observability.dashboards", __doc__, files))
