"""Does chat work, at a glance: from outside first, then along the path of a message."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.observability.panels import Panel, Query, board, graph, number, quantiles, rate, total

FAILED = '{outcome!="delivered"}'
BEHIND = '{code="4408"}'


def overview() -> Dashboard:
    """The first one to open."""
    return board(
        "kaiwa-overview", "Kaiwa: overview", [("Now", _now()), ("From outside", _outside()), ("Path", _path())]
    )


def _now() -> list[Panel]:
    return [
        number(
            "Since a probe's message arrived",
            "s",
            "time() - max(kaiwa_probe_last_delivered_timestamp_seconds)",
            "Some 10 s where all is well. Empty: no probe runs.",
        ),
        number("Users online", "short", total("kaiwa_presence_users"), "As presence counts them."),
        number("Connections", "short", total("kaiwa_gateway_connections"), "At all gateways."),
        number(
            "Messages a second", "ops", rate("kaiwa_facts_total", where='{type="MessagePosted"}'), "Posted, all rooms."
        ),
        number(
            "Oldest not delivered",
            "s",
            'max(kaiwa_oldest_record_age_seconds{topic=~"chat.submissions|chat.rooms"})',
            "The acknowledged message that has waited longest for its decision or its delivery.",
        ),
        number(
            "Dead letters, last day",
            "short",
            "sum(increase(kaiwa_dead_letters_total[1d]))",
            "More than none: docs/runbooks/dead-letters.md.",
        ),
    ]


def _outside() -> list[Panel]:
    return [
        graph(
            "Message of the probe: sent to arrived",
            "s",
            quantiles("kaiwa_probe_delivery_seconds"),
            "Between two connections, through the public doors.",
        ),
        graph(
            "Failures of the probe",
            "ops",
            [Query(rate("kaiwa_probe_messages_total", "outcome", FAILED), "{{outcome}}")],
            "Each of them is what users meet too.",
        ),
        graph(
            "HTTP API: errors",
            "ops",
            [Query(rate("kaiwa_http_requests_total", "status", '{status=~"5.."}'), "{{status}}")],
            "Requests that were answered with 5xx.",
        ),
    ]


def _path() -> list[Panel]:
    return [
        graph(
            "Accepted to written to the sockets",
            "s",
            quantiles("kaiwa_delivery_seconds"),
            "From the log's acceptance of a message to its being written at each gateway that has a participant.",
        ),
        graph("Request to ACK", "s", quantiles("kaiwa_gateway_ack_seconds"), "How long senders see *sending*."),
        graph(
            "Behind",
            "short",
            [Query(total("kaiwa_lag_records", "topic"), "{{topic}}")],
            "Records between what is done and the end. Rising without an end: docs/runbooks/lag.md.",
        ),
        graph(
            "Connections closed because they were behind",
            "ops",
            [Query(rate("kaiwa_gateway_ended_total", where=BEHIND), "4408")],
            "Their clients come back and catch up from the history.",
        ),
        graph(
            "Table: failed and throttled calls",
            "ops",
            [
                Query(rate("kaiwa_table_errors_total", "code"), "{{code}}"),
                Query(rate("kaiwa_table_throttled_total"), "throttled"),
            ],
            "CONDITION_FAILED is ordinary after a rebalance.",
        ),
        graph(
            "Processes that answer Prometheus",
            "short",
            [Query('sum by (job) (up{job=~"gateway|persistence|presence|fanout|api|probe"})', "{{job}}")],
            "Fewer than there should be: somebody has died.",
        ),
    ]
