"""The people and the room that a local cluster starts with (spec 13), made through the HTTP API like everybody's.

Where containers start the cluster, `python -m deploy.local.seed` makes them: it reads KAIWA_HTTP_API_URL, KAIWA_ISSUER.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from deploy.issuer.client import NoTokenError, ask_for_token
from deploy.local.faults import LocalClusterError

USERS = {"alice": "approved", "bob": "approved", "carol": "approved", "dave": "pending"}
ROOM = "lobby"
_ADMIN = "admin"
_WITHIN_S = 60.0

Token = Callable[[str, bool], str]
"""The token of a user; True asks for one of the admin group."""


def seed(api_url: str, token: Token, stopped: Callable[[], bool], within_s: float = _WITHIN_S) -> None:
    """alice, bob and carol (approved), dave (pending) and the room ``lobby`` with all four are there when it returns.

    Safe to repeat: a profile is set to the same, the room is made once. Blocking; gives up once ``stopped()``.
    Raises LocalClusterError ``NOT_SEEDED``.
    """
    deadline = time.monotonic() + within_s

    def go_on() -> bool:
        return time.monotonic() < deadline and not stopped()

    for user, status in USERS.items():
        profile = {"verificationStatus": status, "displayName": user.capitalize()}
        _done(api_url, "PUT", f"/api/users/{user}/profile", profile, token(_ADMIN, True), go_on)
    room = {"chatRoomId": ROOM, "name": "Lobby", "participantIds": list(USERS)}
    _done(api_url, "POST", "/api/rooms", room, token("alice", False), go_on)


def _done(api_url: str, method: str, path: str, body: dict[str, Any], token: str, go_on: Callable[[], bool]) -> None:
    """Asks until the API has decided; 202 means that it will, 5xx and a refused connection that it cannot yet."""
    last: object = None
    while go_on():
        status, answer = last = _ask(api_url, method, path, body, token)
        if status == 202 and method != "GET":
            method, path, body = "GET", f"/api/commands/{answer.get('eventId')}", {}
        # Changed since it was made (409): it stays as people left it.
        elif status in {200, 201, 204, 409}:
            return
        elif 400 <= status < 500 and status not in {404, 408, 429}:
            break
        time.sleep(0.2)
    raise LocalClusterError(
        "NOT_SEEDED", f"The first users and the room were not made: {method} {path} answered {last}."
    )


def _ask(api_url: str, method: str, path: str, body: dict[str, Any], token: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(api_url).netloc, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        content = json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return 503, {"message": type(error).__name__}
    finally:
        connection.close()
    return answer.status, content if isinstance(content, dict) else {}


def main() -> int:
    """Exit code 0, or 1 after one sentence on stderr; safe to repeat."""

    def token(user: str, admin: bool) -> str:
        return ask_for_token(os.environ["KAIWA_ISSUER"], user, admin=admin)

    try:
        seed(os.environ["KAIWA_HTTP_API_URL"], token, lambda: False)
    except (LocalClusterError, NoTokenError) as error:
        sys.stderr.write(f"kaiwa: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
