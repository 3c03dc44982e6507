"""The seeds, against a stand-in for the HTTP API."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from deploy.local.faults import LocalClusterError
from deploy.local.seed import seed

Answer = Callable[[str, str], tuple[int, dict[str, Any]]]


class Api:
    """Answers as it is told and keeps what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[tuple[str, str, dict[str, Any], str]] = []
        self.answer = answer
        self.url = ""

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers.get("Content-Length") or 0)) or b"{}")
        self.asked.append((handler.command, handler.path, body, handler.headers["Authorization"]))
        status, content = self.answer(handler.command, handler.path)
        handler.send_response(status)
        handler.end_headers()
        handler.wfile.write(json.dumps(content).encode())


@contextmanager
def serving(answer: Answer) -> Iterator[Api]:
    api = Api(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.take(self)

        do_PUT = do_POST = do_GET  # noqa: N815 (the server calls them so)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def token(user: str, admin: bool) -> str:
    return f"{user}{'!' if admin else ''}"


def test_four_users_and_a_lobby_with_all_of_them_are_made() -> None:
    with serving(lambda *_: (200, {})) as api:
        seed(api.url, token, lambda: False)
    statuses = {path: body["verificationStatus"] for method, path, body, by in api.asked[:4] if by == "Bearer admin!"}
    assert statuses == {
        "/api/users/alice/profile": "approved",
        "/api/users/bob/profile": "approved",
        "/api/users/carol/profile": "approved",
        "/api/users/dave/profile": "pending",
    }
    method, path, body, by = api.asked[4]
    assert (method, path, by) == ("POST", "/api/rooms", "Bearer alice")
    assert body == {"chatRoomId": "lobby", "name": "Lobby", "participantIds": ["alice", "bob", "carol", "dave"]}


def test_a_decision_that_takes_longer_is_waited_for() -> None:
    with serving(lambda method, _: (200, {}) if method == "GET" else (202, {"eventId": "e1"})) as api:
        seed(api.url, token, lambda: False)
    assert ("GET", "/api/commands/e1") in [asked[:2] for asked in api.asked]


def test_a_lobby_that_people_have_changed_stays_as_it_is() -> None:
    with serving(lambda _, path: (409, {}) if path == "/api/rooms" else (200, {})) as api:
        seed(api.url, token, lambda: False)


def test_an_api_that_is_away_for_a_moment_is_asked_again() -> None:
    answers: Iterator[tuple[int, dict[str, Any]]] = iter([(503, {}), (429, {})])
    with serving(lambda *_: next(answers, (200, {}))) as api:
        seed(api.url, token, lambda: False)
    assert len(api.asked) == 7


def test_a_refusal_is_said() -> None:
    with serving(lambda *_: (403, {"code": "FORBIDDEN"})) as api, pytest.raises(LocalClusterError, match="403"):
        seed(api.url, token, lambda: False)


def test_nothing_is_asked_any_more_once_the_cluster_stops() -> None:
    with serving(lambda *_: (503, {})) as api, pytest.raises(LocalClusterError):
        seed(api.url, token, lambda: len(api.asked) > 1)
