"""Tokens of the cluster's own issuer."""

from __future__ import annotations

from deploy.issuer.client import NoTokenError, ask_for_token
from deploy.local.faults import LocalClusterError
from deploy.local.processes import Cluster


def token(cluster: Cluster, user: str, *, admin: bool) -> str:
    """A token for ``user``; with ``admin`` one of the admin group. Raises LocalClusterError ``NO_TOKEN``."""
    try:
        return ask_for_token(cluster.issuer_url, user, admin=admin)
    except NoTokenError as error:
        raise LocalClusterError("NO_TOKEN", str(error)) from error
