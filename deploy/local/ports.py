"""Ports on loopback: which are free, and whose a listener is."""

from __future__ import annotations

import random
import socket

import psutil

# Above the well-known ports, below the range from which kernels draw the local ends of connections (32768 on Linux):
# a port from there can be taken by anybody's outgoing connection between two of our runs.
LOWEST, HIGHEST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a listener could stand on ``port`` now, on loopback and on every interface."""
    return all(_can_bind(host, port) for host in ("127.0.0.1", "0.0.0.0"))


def free_port(taken: frozenset[int] = frozenset()) -> int:
    """A random free port below 32768, not among ``taken``."""
    return free_block(1, taken)


def free_block(size: int, taken: frozenset[int] = frozenset()) -> int:
    """The first port of ``size`` consecutive free ones, from a random place."""
    for _ in range(200):
        first = random.randrange(LOWEST, HIGHEST - size)
        block = range(first, first + size)
        if taken.isdisjoint(block) and all(is_free(port) for port in block):
            return first
    raise OSError(f"no {size} consecutive free ports between {LOWEST} and {HIGHEST}")


def listens(pid: int, port: int) -> bool:
    """Whether process ``pid`` itself, and nobody else, stands behind the listener on ``port``."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)


def _can_bind(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        # As servers do: without it a port in TIME_WAIT from our own last run would count as taken.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
            attempt.listen(1)
        except OSError:
            return False
    return True
