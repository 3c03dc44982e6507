"""Names of record headers (spec 11)."""

TRACEPARENT = "traceparent"

# On chat.dead-letters: where the untouched value stood, and why it was put aside.
DEAD_TOPIC = "kaiwa-topic"
DEAD_PARTITION = "kaiwa-partition"
DEAD_OFFSET = "kaiwa-offset"
DEAD_ERROR_CODE = "kaiwa-error-code"
DEAD_ERROR = "kaiwa-error"

REDRIVEN = "kaiwa-redriven"
"""A dead letter that was put back on its topic: it keeps its eventId and is deduplicated by it."""
ORIGIN = "kaiwa-origin"
"""An imported record: JSON of its topic, partition, offset and time, which folds use in place of its own."""
