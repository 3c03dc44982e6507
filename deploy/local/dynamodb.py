"""Amazon's DynamoDB Local. Its licence forbids passing it on: it is fetched to the user's cache, never shipped.

It listens on every interface of the machine and has no switch against it. It takes any credentials, so whoever reaches
the port reads the table: keep the port random and use it on machines and networks you trust.
"""

from __future__ import annotations

import http.client
from pathlib import Path

from deploy.local import jars
from deploy.local.child import ProcessSpec
from deploy.local.java import java_command

_NO_STACK_TRACES = "-XX:-StackTraceInThrowable"
"""It makes an exception for each step that it hands to its database thread: their traces took a sixth of its CPU."""


def dynamodb_spec(folder: Path | None, *, port: int, log: Path, heap_mb: int = 256) -> ProcessSpec:
    """How to start it with its file in ``folder``, or in memory without one.

    With a file every transaction is synced to the disk (16 to 20 ms), in memory it takes 4 ms and a stop forgets all.
    Raises LocalClusterError if Java or the jars are missing.
    """
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    where = ("-dbPath", str(folder)) if folder else ("-inMemory",)
    java = (*java_command(heap_mb), _NO_STACK_TRACES, "-cp", jars.class_path(jars.DYNAMODB_LOCK))
    server = ("software.amazon.dynamodb.services.local.main.ServerRunner", "-port", str(port), *where)
    return ProcessSpec(
        name="dynamodb",
        argv=(*java, *server, "-sharedDb", "-disableTelemetry"),
        log=log,
        port=port,
        missing=lambda: None if answers(port) else "DynamoDB Local does not answer yet",
        address=f"http://127.0.0.1:{port}",
        forgets=folder is None,
    )


def answers(port: int, timeout_s: float = 1.0) -> bool:
    """Whether something on loopback speaks HTTP there (it answers an unsigned request 400, which is enough)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
