"""The pipeline: from the log through persistence, presence and fan-out back to the gateways."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.observability.panels import Panel, Query, board, graph, quantiles, rate, total


def pipeline() -> Dashboard:
    """Kafka, the services, the table."""
    rows = [
        ("Log", _log()),
        ("Persistence", _persistence()),
        ("Table", _table()),
        ("Presence", _presence()),
        ("Fan-out", _fanout()),
    ]
    return board("kaiwa-pipeline", "Kaiwa: pipeline", rows)


def _log() -> list[Panel]:
    return [
        graph(
            "Behind",
            "short",
            [Query(total("kaiwa_lag_records", "topic"), "{{topic}}")],
            "Records between what is done and the end.",
        ),
        graph(
            "Oldest record not done",
            "s",
            [Query("max by (topic) (kaiwa_oldest_record_age_seconds)", "{{topic}}")],
            "chat.submissions: not decided. chat.rooms: not delivered. chat.connections: presence.",
        ),
        graph(
            "Published",
            "ops",
            [Query(rate("kaiwa_published_records_total", "topic"), "{{topic}}")],
            "Acknowledged by Kafka.",
        ),
        graph("Publish", "s", quantiles("kaiwa_publish_seconds", "job"), "From enqueueing to the acknowledgement."),
        graph(
            "Not yet acknowledged",
            "short",
            [Query(total("kaiwa_publish_pending_records", "job"), "{{job}}")],
            "Rises while Kafka is slow or away.",
        ),
        graph(
            "Retries, dead letters, producers replaced",
            "ops",
            [
                Query(rate("kaiwa_retries_total", "loop, code"), "{{loop}} {{code}}"),
                Query(rate("kaiwa_dead_letters_total", "topic, code"), "dead letter {{topic}} {{code}}"),
                Query(rate("kaiwa_producers_replaced_total", "job"), "{{job}} producer replaced"),
            ],
            "Retries: something is away and is waited for.",
        ),
    ]


def _persistence() -> list[Panel]:
    return [
        graph("Decide", "s", quantiles("kaiwa_decide_seconds"), "Pure computing."),
        graph("Commit", "s", quantiles("kaiwa_room_commit_seconds"), "One transaction of one room."),
        graph(
            "Facts",
            "ops",
            [Query(rate("kaiwa_facts_total", "type, code"), "{{type}} {{code}}")],
            "What was decided, refusals by code.",
        ),
        graph(
            "Submissions in one transaction",
            "short",
            quantiles("kaiwa_room_transaction_submissions"),
            "Batches grow where a room is busier than the table is fast.",
        ),
        graph(
            "Decided twice, and nothing came of it",
            "ops",
            [
                Query(rate("kaiwa_fenced_total"), "fenced"),
                Query(rate("kaiwa_facts_emitted_again_total"), "facts emitted again"),
            ],
            "Ordinary for a moment after a rebalance or a crash.",
        ),
        graph(
            "Rooms in memory",
            "short",
            [Query(total("kaiwa_rooms_cached", "instance"), "{{instance}}")],
            "Those are decided without reading them.",
        ),
    ]


def _table() -> list[Panel]:
    return [
        graph("Calls", "s", quantiles("kaiwa_table_seconds", "operation"), "As the caller waits for them."),
        graph(
            "Failed",
            "ops",
            [Query(rate("kaiwa_table_errors_total", "operation, code"), "{{operation}} {{code}}")],
            "TABLE_CONFLICT: two transactions met.",
        ),
        graph(
            "Throttled",
            "ops",
            [Query(rate("kaiwa_table_throttled_total", "operation"), "{{operation}}")],
            "Also where the second try went well. docs/runbooks/table-throttling.md.",
        ),
    ]


def _presence() -> list[Panel]:
    return [
        graph(
            "Users and connections",
            "short",
            [
                Query(total("kaiwa_presence_users"), "users"),
                Query(total("kaiwa_presence_connections"), "connections"),
            ],
            "Of all partitions together.",
        ),
        graph(
            "Retired and too many",
            "ops",
            [
                Query(rate("kaiwa_presence_retired_total"), "retired"),
                Query(rate("kaiwa_presence_surplus_total"), "too many of one user"),
            ],
            "Retired: their gateway's epoch is over.",
        ),
        graph(
            "What should not happen",
            "short",
            [
                Query("sum(increase(kaiwa_presence_holes_total[1h]))", "offsets never read"),
                Query("sum(increase(kaiwa_presence_fenced_total[1h]))", "partitions claimed by another"),
                Query("sum(increase(kaiwa_presence_streams_restarted_total[1h]))", "streams restarted"),
                Query("sum(increase(kaiwa_presence_overwritten_total[1h]))", "states published again"),
            ],
            "In the last hour. The last three are mended by themselves.",
        ),
    ]


def _fanout() -> list[Panel]:
    return [
        graph(
            "Fact to routed",
            "s",
            quantiles("kaiwa_fact_routed_seconds"),
            "From the broker's time of a fact to its being queued for the gateways.",
        ),
        graph("One bulk request", "s", quantiles("kaiwa_push_request_seconds"), "Fan-out to a gateway and back."),
        graph(
            "Deliveries by result",
            "ops",
            [Query(rate("kaiwa_push_deliveries_total", "result"), "{{result}}")],
            "dropped: a queue overflowed or a gateway stayed away; those connections are closed (4408).",
        ),
        graph(
            "Waiting for each gateway",
            "short",
            [Query(total("kaiwa_push_queue_pushes", "gateway"), "{{gateway}}")],
            "At most KAIWA_QUEUE_PUSHES.",
        ),
        graph(
            "Gateways that do not answer",
            "short",
            [
                Query("max by (gateway) (kaiwa_push_gateway_away)", "{{gateway}} away"),
                Query(total("kaiwa_push_marked_connections", "gateway"), "{{gateway}} to be closed"),
            ],
            "1: for 30 s or more.",
        ),
        graph(
            "Catch-up window",
            "bytes",
            [Query(total("kaiwa_window_bytes", "instance"), "{{instance}}")],
            "What new connections are caught up from.",
        ),
    ]
