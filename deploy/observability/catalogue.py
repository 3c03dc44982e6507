"""Every metric of the code, as the code says it: name, type, labels, help, and which processes move it."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from prometheus_client.metrics import MetricWrapperBase

from chassis import http_front
from chassis import metrics as chassis_metrics
from gateway import metrics as gateway_metrics
from replay.fsck import metrics as fsck_metrics
from services.fanout import metrics as fanout_metrics
from services.persistence import metrics as persistence_metrics
from services.persistence.api import metrics as api_metrics
from services.presence import metrics as presence_metrics
from services.probe import metrics as probe_metrics

FSCK: Final = "fsck"
"""`kaiwa replay fsck --watch --metrics-port`, which is a command rather than a process of its own."""
PROCESSES: Final = ("gateway", "persistence", "api", "presence", "fanout", "probe", FSCK)

_PUBLISHERS: Final = ("gateway", "persistence", "api", "presence", "fanout")
_LOOPS: Final = ("persistence", "fanout")
_CONSUMERS: Final = ("persistence", "presence", "fanout")
_TABLE: Final = ("persistence", "api", "presence", "fanout")
_TRACED: Final = ("gateway", "persistence", "api", "fanout")
_SHARED: Final = {
    "kaiwa_published_records_total": _PUBLISHERS,
    "kaiwa_publish_seconds": _PUBLISHERS,
    "kaiwa_publish_pending_records": _PUBLISHERS,
    "kaiwa_publish_pending_bytes": _PUBLISHERS,
    "kaiwa_producers_replaced_total": _PUBLISHERS,
    "kaiwa_handled_records_total": _LOOPS,
    "kaiwa_handle_seconds": _LOOPS,
    "kaiwa_batch_records": _LOOPS,
    "kaiwa_retries_total": _CONSUMERS,
    "kaiwa_dead_letters_total": _CONSUMERS,
    "kaiwa_records_in_memory": _CONSUMERS,
    "kaiwa_lag_records": _CONSUMERS,
    "kaiwa_oldest_record_age_seconds": _CONSUMERS,
    "kaiwa_table_seconds": _TABLE,
    "kaiwa_table_errors_total": _TABLE,
    "kaiwa_table_throttled_total": _TABLE,
    "kaiwa_tail_bad_records_total": ("gateway", "api", "presence", "fanout"),
    "kaiwa_trace_spans_exported_total": _TRACED,
    "kaiwa_trace_spans_dropped_total": _TRACED,
}
"""Who moves the metrics of the chassis; the others only show them."""
_OWN: Final[dict[ModuleType, tuple[str, ...]]] = {
    http_front: ("gateway", "api"),
    gateway_metrics: ("gateway",),
    persistence_metrics: ("persistence",),
    api_metrics: ("api",),
    presence_metrics: ("presence",),
    fanout_metrics: ("fanout",),
    probe_metrics: ("probe",),
    fsck_metrics: (FSCK,),
}
_PARTS: Final = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


@dataclass(frozen=True, kw_only=True)
class Described:
    """One metric."""

    name: str
    """As it stands in queries: a counter's with `_total`."""
    type: str
    labels: tuple[str, ...]
    help: str
    processes: tuple[str, ...]

    @property
    def series(self) -> tuple[str, ...]:
        """The names of its series."""
        return tuple(self.name + part for part in _PARTS[self.type])

    @property
    def query_labels(self) -> frozenset[str]:
        """What its series may be asked for, beside what Prometheus itself adds."""
        return frozenset(self.labels) | ({"le"} if self.type == "histogram" else frozenset())


def metrics() -> list[Described]:
    """All of them: the shared ones first, then process by process, each in the order of its module."""
    shared = [_described(metric, None) for metric in _of(chassis_metrics)]
    own = [_described(metric, processes) for module, processes in _OWN.items() for metric in _of(module)]
    return shared + own


def _of(module: ModuleType) -> Iterator[MetricWrapperBase]:
    for value in vars(module).values():
        # With label values it is a child, held under a name of its own for speed.
        if isinstance(value, MetricWrapperBase) and not value._labelvalues:
            yield value


def _described(metric: MetricWrapperBase, processes: tuple[str, ...] | None) -> Described:
    [family] = metric.describe()
    name = family.name + ("_total" if family.type == "counter" else "")
    return Described(
        name=name,
        type=family.type,
        labels=tuple(metric._labelnames),
        help=family.documentation,
        processes=_SHARED[name] if processes is None else processes,
    )
