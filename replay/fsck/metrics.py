"""What fsck tells in /metrics."""

from prometheus_client import Counter, Gauge

VIOLATIONS = Gauge("kaiwa_fsck_violations", "Violations that the last round found", ["invariant"])
ROWS = Counter("kaiwa_fsck_rows_total", "Rows that were looked at")
FACTS = Counter("kaiwa_fsck_facts_total", "Events of the log that were looked at")
ROUNDS = Counter("kaiwa_fsck_rounds_total", "Rounds that ended")
LAST_ROUND = Gauge("kaiwa_fsck_last_round_timestamp_seconds", "When the last round ended")
ROUND_SECONDS = Gauge("kaiwa_fsck_round_seconds", "How long the last round took")
