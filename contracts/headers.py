"""Names of record headers (spec 11)."""

TRACEPARENT = "traceparent"

# On chat.dead-letters: where the untouched value stood, and why it was put aside.
DEAD_TOPIC = "kaiwa-topic"
DEAD_PARTITION = "kaiwa-partition"
DEAD_OFFSET = "kaiwa-offset"
DEAD_ERROR_CODE = "kaiwa-error-code"
DEAD_ERROR = "kaiwa-error"

REDRIVEN = "kaiwa-redriven"
"""A dead letter that was put back on its topic: it keeps its eventId and is deduplicated by it. The value says which
dead letter it was: `partition/offset` in chat.dead-letters."""
SETTLED = "kaiwa-settled"
"""On chat.dead-letters, of a record without a value: `redriven` or `discarded`, which a dead letter was."""
SETTLED_LETTER = "kaiwa-settled-letter"
"""And which one: `partition/offset`."""
ORIGIN = "kaiwa-origin"
"""An imported record: JSON of its topic, partition, offset and time, which folds use in place of its own."""
