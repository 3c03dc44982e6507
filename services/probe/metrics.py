"""What the probe tells."""

from typing import Final, get_args

from prometheus_client import Counter, Gauge, Histogram

from chassis.metrics import LATENCY_BUCKETS
from services.probe.failures import Outcome

MESSAGES: Final = Counter(
    "kaiwa_probe_messages_total",
    "The probe's tries, by what became of them; all but `delivered` hurt users",
    ["outcome"],
)
for _outcome in get_args(Outcome):
    MESSAGES.labels(_outcome)
ACK_SECONDS = Histogram("kaiwa_probe_ack_seconds", "From sending a message to its ACK", buckets=LATENCY_BUCKETS)
DELIVERY_SECONDS = Histogram(
    "kaiwa_probe_delivery_seconds",
    "From sending a message to its arrival at another user's connection; not the first one on new connections",
    buckets=LATENCY_BUCKETS,
)
LAST_DELIVERED = Gauge("kaiwa_probe_last_delivered_timestamp_seconds", "When a message of the probe last arrived")
CONNECTIONS_MADE = Counter("kaiwa_probe_connections_made_total", "Handshakes of the probe that were answered with 101")
RETURNS = Counter(
    "kaiwa_probe_returns_total", "Connections that the server closed as it may (restart, age, token), and made again"
)
