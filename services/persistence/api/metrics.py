"""What the HTTP API counts."""

from prometheus_client import Counter, Gauge, Histogram

from chassis.metrics import LATENCY_BUCKETS

REQUESTS = Counter("kaiwa_http_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "kaiwa_http_seconds", "From a request's first byte to its answer", ["route"], buckets=LATENCY_BUCKETS
)
UNDER_WAY = Gauge("kaiwa_http_requests_under_way", "Requests being answered")
OUTCOME_SECONDS = Histogram(
    "kaiwa_outcome_seconds", "From Kafka's acknowledgement of a command to its outcome", buckets=LATENCY_BUCKETS
)
OUTCOMES_LATE = Counter("kaiwa_outcomes_late_total", "Commands answered 202 because their outcome was late")
