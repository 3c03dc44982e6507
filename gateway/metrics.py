"""What the gateway counts."""

from typing import Final, Literal, get_args

from prometheus_client import Counter, Gauge, Histogram

from chassis.metrics import LATENCY_BUCKETS

CONNECTIONS = Gauge("kaiwa_gateway_connections", "Connections, those that are opening included")
HANDSHAKES = Counter("kaiwa_gateway_handshakes_total", "Handshakes by the status they were answered with", ["status"])
HANDSHAKE_SECONDS = Histogram(
    "kaiwa_gateway_handshake_seconds", "From a handshake's request to its 101", buckets=LATENCY_BUCKETS
)
ENDED = Counter("kaiwa_gateway_ended_total", "Connections that ended, by close code", ["code"])
DEPARTURES_RETRIED = Counter("kaiwa_gateway_departures_retried_total", "disconnected events that were tried again")

FRAMES = Counter("kaiwa_gateway_frames_total", "Frames of clients; `$default` for those without a route", ["action"])
ERRORS = Counter("kaiwa_gateway_errors_total", "Refused requests, whether the client wanted to know or not", ["code"])
ACK_SECONDS = Histogram(
    "kaiwa_gateway_ack_seconds", "From a request to Kafka's acknowledgement of it", buckets=LATENCY_BUCKETS
)
IN_FLIGHT = Gauge("kaiwa_gateway_in_flight", "Requests that wait for Kafka")
COALESCED = Counter("kaiwa_gateway_coalesced_total", "Read marks and typing notices that came too often", ["action"])

PUSHED = Counter("kaiwa_gateway_pushed_total", "Copies of pushed frames, by what became of them", ["outcome"])
DELIVERY_SECONDS = Histogram(
    "kaiwa_delivery_seconds",
    "From a message's acceptance by the log to its being written to sockets, once for each message and gateway",
    buckets=LATENCY_BUCKETS,
)
OUTBOX_BYTES = Gauge("kaiwa_gateway_outbox_bytes", "Bytes that clients have not taken yet, all together")
OUTBOX_FULLEST_BYTES = Gauge("kaiwa_gateway_outbox_fullest_bytes", "Bytes that wait for the client most behind")

DELIVERED, GONE, SLOW = (PUSHED.labels(outcome) for outcome in ("delivered", "gone", "slow"))

API_CALLS = Counter("kaiwa_connection_api_calls_total", "Calls of the connection API", ["call", "status"])
API_FORWARDED = Counter("kaiwa_connection_api_forwarded_total", "Calls for another gateway's connections", ["outcome"])
BULK_REPEATED = Counter("kaiwa_connection_api_bulk_repeated_total", "Bulk pushes answered from memory")
EPOCHS = Counter("kaiwa_gateway_epochs_total", "Epochs that this process has begun")
LEASE_RENEWED = Gauge(
    "kaiwa_gateway_lease_renewed_timestamp_seconds", "When Kafka last took a renewal of this gateway's lease"
)

Limit = Literal[
    "message_bytes",
    "frame_bytes",
    "binary",
    "content_characters",
    "idle_s",
    "duration_s",
    "expiry_grace_s",
    "revoked",
    "connections",
    "connection_rate",
    "connections_per_user",
    "frame_rate",
    "user_frame_rate",
    "outbox_bytes",
    "outbox_s",
    "dropped_by_fanout",
    "pong_timeout_s",
    "in_flight",
    "in_flight_total",
    "connection_api_rate",
    "connection_api_body",
]
"""A limit of spec 7, or of the connection API, by the name of its setting where it has one."""
LIMITS: Final = Counter("kaiwa_gateway_limits_total", "How often somebody met a limit, by limit", ["limit"])
for _limit in get_args(Limit):
    LIMITS.labels(_limit)


def met(limit: Limit) -> None:
    """Count that somebody met `limit`."""
    LIMITS.labels(limit).inc()
