"""How many sockets the system lets this process have."""

import resource

from chassis.logs import get_logger

_log = get_logger(__name__)
OTHERS = 256
"""Descriptors besides those of connections: Kafka, HTTP, files."""


def make_room(connections: int) -> None:
    """Raise the soft limit of open files as far as `connections` need; says so where the hard limit is lower."""
    wanted = connections + OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        _log.warning("the limit of open files allows fewer connections than KAIWA_CONNECTIONS", limit=allowed)
