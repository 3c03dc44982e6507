"""Metrics that every process has (spec 13: /metrics). A service names its own in its `metrics.py`."""

from prometheus_client import Counter, Gauge, Histogram

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

PUBLISHED = Counter("kaiwa_published_records_total", "Records acknowledged by Kafka", ["topic"])
PUBLISH_SECONDS = Histogram(
    "kaiwa_publish_seconds", "From enqueueing a record to Kafka's acknowledgement", buckets=LATENCY_BUCKETS
)
PUBLISH_PENDING = Gauge("kaiwa_publish_pending_records", "Records not yet acknowledged by Kafka")
PUBLISH_PENDING_BYTES = Gauge("kaiwa_publish_pending_bytes", "Bytes of records not yet acknowledged by Kafka")
PRODUCERS_REPLACED = Counter("kaiwa_producers_replaced_total", "Producers given up after an error that is final")

HANDLED = Counter("kaiwa_handled_records_total", "Records handled to the end", ["topic"])
HANDLE_SECONDS = Histogram("kaiwa_handle_seconds", "One handler call for one batch", ["loop"], buckets=LATENCY_BUCKETS)
BATCH_RECORDS = Histogram(
    "kaiwa_batch_records", "Records in one handler call", ["loop"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
RETRIES = Counter("kaiwa_retries_total", "Handler calls repeated because something was away", ["loop", "code"])
DEAD_LETTERS = Counter("kaiwa_dead_letters_total", "Records put aside", ["topic", "code"])
IN_MEMORY = Gauge("kaiwa_records_in_memory", "Records read and not yet done", ["loop"])
LAG = Gauge("kaiwa_lag_records", "Records between what is done and the end", ["topic"])
OLDEST_SECONDS = Gauge(
    "kaiwa_oldest_record_age_seconds",
    "Age, by the broker's time, of the oldest record that was read and is not done; 0 where there is none",
    ["topic"],
)

TABLE_SECONDS = Histogram("kaiwa_table_seconds", "One call of the table", ["operation"], buckets=LATENCY_BUCKETS)
TABLE_ERRORS = Counter("kaiwa_table_errors_total", "Calls of the table that failed", ["operation", "code"])
TABLE_THROTTLED = Counter(
    "kaiwa_table_throttled_total",
    "Answers of the table that were throttled, those that were tried again included",
    ["operation"],
)

TAIL_BAD = Counter("kaiwa_tail_bad_records_total", "Records of wholly-read topics that could not be read", ["topic"])

TRACE_SPANS_EXPORTED = Counter("kaiwa_trace_spans_exported_total", "Spans that the collector has taken")
TRACE_SPANS_DROPPED = Counter(
    "kaiwa_trace_spans_dropped_total",
    "Spans that were lost: the queue was full, or the collector did not take them",
    ["cause"],
)
