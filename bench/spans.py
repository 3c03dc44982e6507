"""Where the time of one message goes, span by span: from the traces of a cluster that records every message."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench import cluster, latency
from bench.collector import Collector, Told, collecting
from bench.figures import percentile
from bench.guests import House
from chassis.backoff import Backoff

ROOT = "frame sendMessage"
_LAST = "write"
_EXPORTED_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One span of all messages; times are the middles, in milliseconds after the frame was taken."""

    process: str
    name: str
    began: float
    ended: float
    lasts_p99: float


async def measure(samples: int) -> list[Bar]:
    """One message at a time from one gateway to another; the processes tell a collector of ours."""
    async with collecting() as collector, cluster.folder() as folder:
        environ = {"KAIWA_TRACES_ENDPOINT": collector.endpoint, "KAIWA_TRACES_RATIO": "1"}
        async with (
            cluster.up(folder, ephemeral=True, environ=environ) as own,
            House.of(own.described) as house,
        ):
            await latency.measure(house, samples)
            await _exported(collector, samples)
    return bars(collector.spans)


async def _exported(collector: Collector, samples: int) -> None:
    """Wait until as many messages were told of to the end; raises TimeoutError."""
    backoff = Backoff(first_s=0.5)
    async with asyncio.timeout(_EXPORTED_WITHIN_S):
        while len({span.trace_id for span in collector.spans if span.name == _LAST}) < samples:
            await backoff.wait()


def bars(spans: Iterable[Told]) -> list[Bar]:
    """In the order in which they begin. Pure. A span that a message has twice counts from its first to its last."""
    traces: defaultdict[str, list[Told]] = defaultdict(list)
    for span in spans:
        traces[span.trace_id].append(span)
    times: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for trace in traces.values():
        for key, began, ended in _relative(trace):
            times[key].append((began, ended))
    return sorted((_bar(key, found) for key, found in times.items()), key=lambda bar: (bar.began, -bar.ended))


def _relative(trace: Sequence[Told]) -> Iterable[tuple[tuple[str, str], float, float]]:
    roots = [span for span in trace if span.name == ROOT]
    # Connections have traces too; and of a message that waited through the warm-up a part may be missing.
    if len(roots) != 1 or not any(span.name == _LAST for span in trace):
        return
    spans: defaultdict[tuple[str, str], list[Told]] = defaultdict(list)
    for span in trace:
        spans[span.process, span.name].append(span)
    for key, several in spans.items():
        began, ended = min(span.began_ns for span in several), max(span.ended_ns for span in several)
        yield key, (began - roots[0].began_ns) / 1e6, (ended - roots[0].began_ns) / 1e6


def _bar(key: tuple[str, str], times: Sequence[tuple[float, float]]) -> Bar:
    lasting = sorted(ended - began for began, ended in times)
    return Bar(
        *key, median(began for began, _ in times), median(ended for _, ended in times), percentile(lasting, 0.99)
    )
