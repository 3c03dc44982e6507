"""What every process stands on; it knows the contracts and none of the services.

A process:   process.py (lifecycle) · settings.py (setting_types.py) · logs.py · health.py, readiness.py · metrics.py
             http_server.py, http_front.py · loopback.py · backoff.py · tasks.py
Kafka:       records.py · publisher.py, producer_life.py (in) · runloop.py (out, in a group: assignment.py, lanes.py,
             holdings.py, takeovers.py, batches.py, offsets.py, commits.py, dead_letters.py)
             tail.py (out, whole topics) · log_reader.py (out, stretches) · consumers.py
             topics.py (create and check)
The table:   table.py (on dynamodb.py) · bulk_writer.py (many rows, no conditions) · joined_reads.py · pace.py
             actions.py · items.py · table_errors.py · table_schema.py
The fold:    projection/ (facts as rows)
Sign-in:     auth/
Traces:      traces/ (off by default)

    record ─▶ lane (one key) ─▶ handler ─▶ effect in the table ─▶ facts acknowledged ─▶ offset committed

A handler returns what it wants published; only the run loop publishes for it and commits offsets.
"""
