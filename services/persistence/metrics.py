"""Metrics of persistence; those of the run loop, the publisher and the table are in chassis/metrics.py."""

from prometheus_client import Counter, Gauge, Histogram

from chassis.metrics import LATENCY_BUCKETS

DECIDE_SECONDS = Histogram(
    "kaiwa_decide_seconds",
    "Deciding one batch of a room, without any input or output",
    # Pure computing: far below what LATENCY_BUCKETS tell apart.
    buckets=(0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0),
)
COMMIT_SECONDS = Histogram(
    "kaiwa_room_commit_seconds", "One transaction of a room that was written", buckets=LATENCY_BUCKETS
)
FACTS = Counter("kaiwa_facts_total", "Facts decided, by type and refusal code", ["type", "code"])
FACTS_AGAIN = Counter("kaiwa_facts_emitted_again_total", "Facts emitted again from FENCE after a redelivery")
FENCED = Counter("kaiwa_fenced_total", "Transactions refused because somebody else had written the room")
ROOM_TRANSACTION_SUBMISSIONS = Histogram(
    "kaiwa_room_transaction_submissions",
    "Submissions in one transaction of a room",
    buckets=(1, 2, 5, 10, 20, 50, 98),
)
ROOMS_CACHED = Gauge("kaiwa_rooms_cached", "Rooms whose state is held in memory")
PROFILES = Counter("kaiwa_profile_updates_total", "Profile updates, by what they did", ["effect"])
