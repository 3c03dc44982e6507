"""Whether another process of this machine takes work. Imports next to nothing: health checks run every few seconds."""

from __future__ import annotations

import http.client
import json

_LOOPBACK = "127.0.0.1"


def unready(port: int, timeout_s: float = 1.0) -> str | None:
    """None if ``/readyz`` on that port of loopback answers 200, else what it says is missing."""
    connection = http.client.HTTPConnection(_LOOPBACK, port, timeout=timeout_s)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(65_536)
    except (OSError, http.client.HTTPException) as error:
        return f"no answer from /readyz ({type(error).__name__})"
    finally:
        connection.close()
    return None if answer.status == 200 else _named(body)


def _named(body: bytes) -> str:
    try:
        missing = json.loads(body)["missing"]
        return ", ".join(f"{part}: {problem}" for part, problem in missing.items())
    except (ValueError, LookupError, TypeError, AttributeError):
        return "it is not ready"
