"""The gateways: who connects, what they send, what is pushed to them, and who does not keep up."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.observability.panels import Panel, Query, board, graph, quantiles, rate, total


def gateway() -> Dashboard:
    """Everything about sockets."""
    rows = [("Connections", _connections()), ("Frames in", _frames()), ("Frames out", _pushes()), ("Lease", _lease())]
    return board("kaiwa-gateway", "Kaiwa: gateways", rows)


def _connections() -> list[Panel]:
    return [
        graph(
            "Connections",
            "short",
            [Query(total("kaiwa_gateway_connections", "instance"), "{{instance}}")],
            "Those that are opening included. What the autoscaler looks at.",
        ),
        graph(
            "Handshakes by answer",
            "ops",
            [Query(rate("kaiwa_gateway_handshakes_total", "status"), "{{status}}")],
            "101: connected. 401: token, 403: origin or path, 429: limits, 503: Kafka or the issuer's keys are away.",
        ),
        graph("Handshake", "s", quantiles("kaiwa_gateway_handshake_seconds"), "Kafka's acknowledgement is in it."),
        graph(
            "Ends by close code",
            "ops",
            [Query(rate("kaiwa_gateway_ended_total", "code"), "{{code}}")],
            "1001 age or idle, 1006 lost, 1012 restart, 4401 token, 4403 revoked, 4408 behind, 4409 too many.",
        ),
        graph(
            "Limits met",
            "ops",
            [Query(rate("kaiwa_gateway_limits_total", "limit"), "{{limit}}")],
            "By the name of the setting (docs/security.md).",
        ),
        graph(
            "Departures that Kafka did not take at once",
            "ops",
            [Query(rate("kaiwa_gateway_departures_retried_total"), "retried")],
            "They are tried again until it does.",
        ),
    ]


def _frames() -> list[Panel]:
    return [
        graph(
            "Frames by action",
            "ops",
            [Query(rate("kaiwa_gateway_frames_total", "action"), "{{action}}")],
            "$default: what has no route, and is passed over in silence.",
        ),
        graph(
            "Refused requests",
            "ops",
            [Query(rate("kaiwa_gateway_errors_total", "code"), "{{code}}")],
            "UNAVAILABLE: Kafka does not confirm. THROTTLED: somebody sends too much.",
        ),
        graph("Request to ACK", "s", quantiles("kaiwa_gateway_ack_seconds"), "One write to Kafka."),
        graph(
            "Waiting for Kafka",
            "short",
            [Query(total("kaiwa_gateway_in_flight", "instance"), "{{instance}}")],
            "Requests without an acknowledgement yet.",
        ),
    ]


def _pushes() -> list[Panel]:
    return [
        graph(
            "Copies pushed by outcome",
            "ops",
            [Query(rate("kaiwa_gateway_pushed_total", "outcome"), "{{outcome}}")],
            "slow: the outbox was full, and the connection is closed (4408).",
        ),
        graph(
            "What clients have not taken",
            "bytes",
            [
                Query(total("kaiwa_gateway_outbox_bytes", "instance"), "{{instance}} all"),
                Query("max by (instance) (kaiwa_gateway_outbox_fullest_bytes)", "{{instance}} fullest"),
            ],
            "The limit for one client is 1 MiB (KAIWA_OUTBOX_BYTES).",
        ),
        graph(
            "Connection API",
            "ops",
            [Query(rate("kaiwa_connection_api_calls_total", "call, status"), "{{call}} {{status}}")],
            "fan-out's bulk pushes and other callers; 421 is an epoch that is over.",
        ),
        graph(
            "Calls for another gateway's connections",
            "ops",
            [
                Query(rate("kaiwa_connection_api_forwarded_total", "outcome"), "{{outcome}}"),
                Query(rate("kaiwa_connection_api_bulk_repeated_total"), "bulk repeated"),
            ],
            "unreachable: gateways cannot reach one another.",
        ),
    ]


def _lease() -> list[Panel]:
    return [
        graph(
            "Since the last renewal",
            "s",
            [Query("time() - kaiwa_gateway_lease_renewed_timestamp_seconds", "{{instance}}")],
            "Renewed every 5 s; after nine ticks without one the epoch lapses.",
        ),
        graph(
            "Lease most behind, in ticks",
            "short",
            [Query("max(kaiwa_presence_lease_age_ticks)", "ticks")],
            "As presence reads the log; 9 is a lapse.",
        ),
        graph(
            "Epochs begun and lapsed, last hour",
            "short",
            [
                Query("sum(increase(kaiwa_gateway_epochs_total[1h]))", "begun"),
                Query("sum(increase(kaiwa_presence_epochs_lapsed_total[1h]))", "lapsed"),
            ],
            "A lapse closes all sockets of that gateway.",
        ),
    ]
