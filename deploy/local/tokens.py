"""Tokens of the cluster's own issuer."""

from __future__ import annotations

from deploy.local.faults import LocalClusterError
from deploy.local.processes import Cluster


def token(cluster: Cluster, user: str, *, admin: bool) -> str:
    """A token for ``user``; with ``admin`` one of the admin group. Raises LocalClusterError ``NO_TOKEN``."""
    raise LocalClusterError("NO_TOKEN", f"{cluster.issuer_url} gives no token for {user}{' (admin)' if admin else ''}.")
