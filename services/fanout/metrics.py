"""What fan-out counts; each queue and each view shows how full it is."""

from prometheus_client import Counter, Gauge, Histogram

from chassis.metrics import LATENCY_BUCKETS

QUEUED = Gauge("kaiwa_push_queue_pushes", "Pushes that wait for a gateway", ["gateway"])
QUEUED_BYTES = Gauge("kaiwa_push_queue_bytes", "Bytes that wait for a gateway", ["gateway"])
MARKED = Gauge("kaiwa_push_marked_connections", "Connections that are to be closed (4408) first", ["gateway"])
AWAY = Gauge("kaiwa_push_gateway_away", "1 while a gateway does not answer", ["gateway"])
REQUESTS = Counter("kaiwa_push_requests_total", "Bulk requests", ["gateway", "result"])
REQUEST_SECONDS = Histogram("kaiwa_push_request_seconds", "One bulk request", buckets=LATENCY_BUCKETS)
REQUEST_PUSHES = Histogram(
    "kaiwa_push_request_pushes", "Pushes in one bulk request", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
)
DELIVERED = Counter("kaiwa_push_deliveries_total", "Frames handed to gateways, one for each connection", ["result"])
FACT_SECONDS = Histogram(
    "kaiwa_fact_routed_seconds", "From the broker's time of a fact to its being routed", buckets=LATENCY_BUCKETS
)

ROOMS = Gauge("kaiwa_view_rooms", "Rooms whose people are held")
PARTICIPANTS = Gauge("kaiwa_view_participants", "Memberships held, over all rooms")
CONNECTIONS = Gauge("kaiwa_view_connections", "Open connections known from chat.presence")
WINDOW_FRAMES = Gauge("kaiwa_window_frames", "Frames in the catch-up window")
WINDOW_BYTES = Gauge("kaiwa_window_bytes", "Bytes in the catch-up window")
CAUGHT_UP = Counter("kaiwa_window_caught_up_total", "Frames pushed from the window to connections learned of late")
NOT_COVERED = Counter("kaiwa_window_not_covered_total", "Connections closed because the window did not reach back")
REPEATED = Counter("kaiwa_repeated_facts_total", "Facts that were routed before and are dropped")
REPORTS_PENDING = Gauge("kaiwa_reports_pending", "Outcomes outside of batches that wait to be published")
REPORTS_DROPPED = Counter("kaiwa_reports_dropped_total", "Outcomes outside of batches that were not published")


def forget(gateway: str) -> None:
    """Show no more of a gateway whose epoch is over: where each restart has a name of its own, series would pile up."""
    for metric in (QUEUED, QUEUED_BYTES, MARKED, AWAY, REQUESTS):
        metric.remove_by_labels({"gateway": gateway})
