"""docs/metrics.md, from the code.

python -m deploy.observability.metrics_page            writes it
python -m deploy.observability.metrics_page --check    exits 1 if it is not current
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.observability import catalogue, generated
from deploy.observability.catalogue import Described

PAGE = Path("docs/metrics.md")
_HEAD = """# Metrics

Written by `python -m deploy.observability.metrics_page` from the code; `--check` tells whether it is current.

Every process shows its metrics at `/metrics` on its health port (`KAIWA_HEALTH_PORT`), never on a public one; the local
cluster's addresses are `processes.*.metricsUrl` in `.kaiwa/cluster.json`. `kaiwa replay fsck --watch --metrics-port N`
shows its own. Units stand in the names. Labels are bounded: no user, room, connection or address is one. A counter's
series ends in `_total`; a histogram has `_bucket`, `_sum` and `_count`. What `prometheus_client` itself adds
(`python_…`, `process_…`, `…_created`) is not listed.

Where to look at them: [dashboards](../deploy/observability/grafana/dashboards) and
[alerts](../deploy/observability/alerts.yml), with a [runbook](runbooks/) for each.

| the question | the metric |
|---|---|
| How long from accepted to written to the sockets? | `kaiwa_delivery_seconds` |
| Can people chat at all, seen from outside? | `kaiwa_probe_messages_total`, `kaiwa_probe_delivery_seconds` |
| How many connections, and how do handshakes end? | `kaiwa_gateway_connections`, `kaiwa_gateway_handshakes_total` |
| What do clients send? | `kaiwa_gateway_frames_total` |
| How fast does Kafka take records? | `kaiwa_publish_seconds`, `kaiwa_gateway_ack_seconds` |
| How fast are pushes, and what becomes of them? | `kaiwa_push_request_seconds`, `kaiwa_push_deliveries_total` |
| Who does not read? | `kaiwa_gateway_outbox_bytes`, `kaiwa_gateway_ended_total{code="4408"}` |
| Who is behind? | `kaiwa_lag_records`, `kaiwa_oldest_record_age_seconds` |
| What does a decision cost? | `kaiwa_decide_seconds`, `kaiwa_room_commit_seconds` |
| Do writers meet? | `kaiwa_table_errors_total{code="TABLE_CONFLICT"}`, `kaiwa_fenced_total` |
| Was anything put aside? | `kaiwa_dead_letters_total` |
| How many people are here? | `kaiwa_presence_users`, `kaiwa_presence_connections` |
| Do gateways renew their leases? | `kaiwa_presence_lease_age_ticks`, `kaiwa_gateway_lease_renewed_timestamp_seconds` |
"""


def page() -> str:
    """The page as it should be."""
    metrics = catalogue.metrics()
    shared = [metric for metric in metrics if len(metric.processes) > 1]
    sections = [_section("More than one process", shared, with_processes=True)]
    for process in catalogue.PROCESSES:
        own = [metric for metric in metrics if metric.processes == (process,)]
        sections.append(_section(f"`{process}`", own, with_processes=False))
    return "\n".join([_HEAD, *sections])


def files() -> Mapping[Path, str]:
    """All that this module writes."""
    return {PAGE: page()}


def _section(title: str, metrics: list[Described], *, with_processes: bool) -> str:
    columns = ["metric", "type", "labels", *(["processes"] if with_processes else []), "what it tells"]
    lines = [f"## {title}", "", _row(columns), "|---" * len(columns) + "|"]
    for metric in metrics:
        processes = [", ".join(metric.processes)] if with_processes else []
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(_row([f"`{metric.name}`", metric.type, labels, *processes, metric.help]))
    return "\n".join([*lines, ""])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(generated.command("deploy.observability.metrics_page", __doc__, files))
