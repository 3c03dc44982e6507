"""Metrics of presence."""

from prometheus_client import Counter, Gauge

USERS_ONLINE = Gauge("kaiwa_presence_users", "Users with a connection, in the partitions of this worker")
CONNECTIONS = Gauge("kaiwa_presence_connections", "Open connections, in the partitions of this worker")
RETIRED = Counter("kaiwa_presence_retired_total", "Connections retired", ["cause"])
LAPSED = Counter("kaiwa_presence_epochs_lapsed_total", "Epochs of gateways declared lapsed by this worker")
LEASE_AGE = Gauge("kaiwa_presence_lease_age_ticks", "Ticks since the renewal of the living epoch most behind")
SURPLUS = Counter("kaiwa_presence_surplus_total", "Connections closed because their user had too many")
