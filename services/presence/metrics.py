"""Metrics of presence; those of the publisher, the table and Kafka's work are in chassis/metrics.py."""

from prometheus_client import Counter, Gauge

from chassis import metrics as chassis_metrics
from contracts.topics import CONNECTIONS as CONNECTIONS_TOPIC

USERS_ONLINE = Gauge("kaiwa_presence_users", "Users online, in the partitions of this worker")
CONNECTIONS = Gauge("kaiwa_presence_connections", "Open connections, in the partitions of this worker")
RETIRED = Counter("kaiwa_presence_retired_total", "Connections retired because their gateway's epoch is over")
LAPSED = Counter("kaiwa_presence_epochs_lapsed_total", "Epochs of gateways declared lapsed by this worker")
RECORDS_IN_MEMORY = chassis_metrics.IN_MEMORY.labels("presence")
LAG = chassis_metrics.LAG.labels(CONNECTIONS_TOPIC.name)
OLDEST_SECONDS = chassis_metrics.OLDEST_SECONDS.labels(CONNECTIONS_TOPIC.name)
LEASE_AGE = Gauge("kaiwa_presence_lease_age_ticks", "Ticks since the renewal of the living epoch most behind")
SURPLUS = Counter("kaiwa_presence_surplus_total", "Connections closed because their user had too many")
FENCED = Counter("kaiwa_presence_fenced_total", "Times a partition was found claimed by another worker")
OVERWRITTEN = Counter("kaiwa_presence_overwritten_total", "States published again over an older one")
HOLES = Counter("kaiwa_presence_holes_total", "Offsets of chat.connections that were never read")
STREAMS_RESTARTED = Counter("kaiwa_presence_streams_restarted_total", "Faust apps that crashed and were replaced")
